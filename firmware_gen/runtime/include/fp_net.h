/* A model and its memory: what the two functions of a generated library are made of.
 *
 *     static fp_net_digits_arena arena;
 *     fp_net net;
 *     fp_net_digits_init(&net, &arena, sizeof arena);
 *     fp_net_digits_invoke(&net, input, output);
 */
#ifndef FP_NET_H
#define FP_NET_H

#include <stdint.h>

#include "fp_model.h"
#include "fp_status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* All members are private. */
typedef struct fp_net {
    const fp_model *model;
    int8_t *arena;
} fp_net;

/* Nothing is kept but the pointers, which must stay valid. `arena` is 8-byte aligned; its content between two runs is
 * of no importance, so several models may share one that is large enough for each. Errors: FP_ERR_ARGUMENT for a null
 * or misaligned pointer, FP_ERR_CAPACITY when the model needs more than `arena_bytes`. */
fp_status fp_net_init(fp_net *net, const fp_model *model, void *arena, uint32_t arena_bytes);

/* Run the model: int8, NHWC, batch 1; neither array overlaps the arena.
 * Errors: FP_ERR_ARGUMENT for a null pointer or a net that is not initialised; FP_ERR_ENCODING for damaged weights, or
 * for weights whose decoder fp_config.h left out. */
fp_status fp_net_invoke(const fp_net *net, const int8_t *input, int8_t *output);

#ifdef __cplusplus
}
#endif
#endif
