/* Element by element multiplication, int8, as TensorFlow Lite Micro's reference kernel computes it. */
#ifndef FP_MUL_H
#define FP_MUL_H

#include <stdint.h>

#include "fp_plane.h"
#include "fp_requant.h"
#include "fp_status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct fp_mul {
    fp_plane first;
    fp_plane second; /* as many channels as `first`, and as many rows and columns, or one of each: a factor a channel */
    fp_plane out;    /* as many channels, rows and columns as `first` */
    fp_scale scale;  /* from a product to the output; multiplier >= 0, shift FP_SHIFT_MIN..FP_SHIFT_MAX */
    int8_t activation_min;
    int8_t activation_max;
} fp_mul;

/* `out` gets its halo filled. It overlaps neither input, except that it may be one of them where that input's plane
 * lies exactly as `out`'s does and has as many rows and columns. */
fp_status fp_mul_run(const fp_mul *mul, const int8_t *first, const int8_t *second, int8_t *out);

#ifdef __cplusplus
}
#endif
#endif
