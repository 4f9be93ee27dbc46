#include "fp_net.h"

#include <stddef.h>
#include <string.h>

#define FP_NET_ALIGNMENT 8u

fp_status fp_net_init(fp_net *net, const fp_model *model, void *arena, uint32_t arena_bytes) {
    if (net == NULL) {
        return FP_ERR_ARGUMENT;
    }
    net->model = NULL;
    net->arena = NULL;
    if (model == NULL || arena == NULL || (uintptr_t)arena % FP_NET_ALIGNMENT != 0) {
        return FP_ERR_ARGUMENT;
    }
    if (arena_bytes < model->arena_bytes) {
        return FP_ERR_CAPACITY;
    }
    net->model = model;
    net->arena = (int8_t *)arena;
    return FP_OK;
}

fp_status fp_net_invoke(const fp_net *net, const int8_t *input, int8_t *output) {
    if (net == NULL || net->model == NULL || input == NULL || output == NULL) {
        return FP_ERR_ARGUMENT;
    }
    const fp_model *model = net->model;
    memcpy(net->arena + model->input_offset, input, model->input_bytes);
    const fp_status status = model->invoke(net->arena);
    if (status == FP_OK) {
        memcpy(output, net->arena + model->output_offset, model->output_bytes);
    }
    return status;
}
