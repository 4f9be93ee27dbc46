/* Element by element addition and subtraction, int8, as TensorFlow Lite Micro's reference kernel computes it. */
#ifndef FP_ADD_H
#define FP_ADD_H

#include <stdint.h>

#include "fp_plane.h"
#include "fp_requant.h"
#include "fp_status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Both inputs, less their zero points, are shifted left by this many bits before they are scaled. */
#define FP_ADD_LEFT_SHIFT 20

typedef struct fp_add {
    fp_plane first;
    fp_plane second;      /* as many channels, rows and columns as `first` */
    fp_plane out;         /* likewise */
    fp_scale first_scale; /* to the common scale of the sum; multiplier >= 0, shift FP_SHIFT_MIN..0, as all three */
    fp_scale second_scale;
    fp_scale sum_scale; /* from the common scale to the output's */
    int8_t activation_min;
    int8_t activation_max;
    uint8_t subtract; /* 1: the second input is taken off */
} fp_add;

/* `out` gets its halo filled. It overlaps neither input, except that it may be one of them where that input's plane
 * lies exactly as `out`'s does. */
fp_status fp_add_run(const fp_add *add, const int8_t *first, const int8_t *second, int8_t *out);

#ifdef __cplusplus
}
#endif
#endif
