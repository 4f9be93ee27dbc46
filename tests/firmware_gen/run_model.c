/* Runs a generated model on the samples of standard input; the arena holds rubbish before each. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fp_model.h"

extern const fp_model fp_generated_model;

int main(void) {
    const fp_model *model = &fp_generated_model;
    int8_t *arena = malloc(model->arena_bytes);
    int8_t *sample = malloc(model->input_bytes);
    if (arena == NULL || sample == NULL) {
        return 3;
    }
    while (fread(sample, 1, model->input_bytes, stdin) == model->input_bytes) {
        memset(arena, 0xAA, model->arena_bytes);
        memcpy(arena + model->input_offset, sample, model->input_bytes);
        if (model->invoke(arena) != FP_OK) {
            return 4;
        }
        fwrite(arena + model->output_offset, 1, model->output_bytes, stdout);
    }
    fp_model_selftest_input(sample, model->input_bytes);
    fwrite(sample, 1, model->input_bytes, stdout);
    free(arena);
    free(sample);
    return 0;
}
