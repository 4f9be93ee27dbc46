/* Mean over height and width, int8, as TensorFlow Lite Micro's reference kernel computes it. */
#ifndef FP_MEAN_H
#define FP_MEAN_H

#include <stdint.h>

#include "fp_plane.h"
#include "fp_requant.h"
#include "fp_status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct fp_mean {
    fp_plane in;    /* height * width at most 2^23 */
    fp_plane out;   /* as many channels, one row, one column */
    fp_scale scale; /* from the sum to the output, the division by height * width included */
} fp_mean;

/* `in` and `out` do not overlap; `out` gets its halo filled. */
fp_status fp_mean_run(const fp_mean *mean, const int8_t *in, int8_t *out);

#ifdef __cplusplus
}
#endif
#endif
