/* A model that TensorFlow Lite Micro runs: its interpreter behind three functions.
 *
 * The interpreter is made on the first call. Memory is static: the model's arena of FP_TFLM_ARENA_BYTES and the
 * interpreter itself; there is no heap and nothing is constructed before main. Not reentrant.
 */
#ifndef FP_TFLM_H
#define FP_TFLM_H

#include <stdint.h>

#include "fp_status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Make the interpreter and place the tensors; done already if it succeeded before.
 * FP_ERR_CAPACITY: the model is of another schema, an operator is missing, or the arena is too small. */
fp_status fp_tflm_start(void);

/* Run the model on all bytes of its first input tensor, in the type the model has; the first output tensor's bytes. */
fp_status fp_tflm_run(const int8_t *input, uint32_t input_bytes, int8_t *output, uint32_t output_bytes);

/* Bytes of the arena in use after fp_tflm_start; 0 before. FP_TFLM_ARENA_BYTES may be defined as little as this and the
 * alignment of 16, once it is known for a target. */
uint32_t fp_tflm_arena_used(void);

#ifdef __cplusplus
}
#endif
#endif
