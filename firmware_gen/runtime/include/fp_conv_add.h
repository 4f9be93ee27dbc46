/* A convolution whose output is added to another tensor, or that tensor to it, without being kept: each channel goes
 * into the sum as it is computed. The result is that of fp_conv_run and fp_add_run, bit for bit.
 */
#ifndef FP_CONV_ADD_H
#define FP_CONV_ADD_H

#include <stdint.h>

#include "fp_add.h"
#include "fp_conv.h"
#include "fp_status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct fp_conv_add {
    fp_conv conv;          /* out.row_pitch is that of the piece of scratch one channel is computed in */
    fp_add add;            /* the input that is the convolution's output has the plane conv.out */
    uint8_t conv_is_first; /* 1: of the addition's inputs, else the second */
} fp_conv_add;

/* Bytes of 4-byte aligned scratch: for a list of taps, and for one channel. */
uint32_t fp_conv_add_scratch_bytes(const fp_conv_add *layer);

/* Run both. `other` is the addition's other input; `out`, which gets its halo filled, may be the same where their
 * planes lie alike. `in` and `scratch` overlap nothing. Errors: as fp_conv_run. */
fp_status fp_conv_add_run(const fp_conv_add *layer, const int8_t *in, const int8_t *other, int8_t *out, void *scratch);

#ifdef __cplusplus
}
#endif
#endif
