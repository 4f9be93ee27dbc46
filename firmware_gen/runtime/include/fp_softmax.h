/* Softmax over the channels, int8, as TensorFlow Lite Micro's reference kernel computes it. */
#ifndef FP_SOFTMAX_H
#define FP_SOFTMAX_H

#include <stdint.h>

#include "fp_plane.h"
#include "fp_status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* As many equal channels still fit the sum of exponentials. */
#define FP_SOFTMAX_MAX_CHANNELS 4095

typedef struct fp_softmax {
    fp_plane in;
    fp_plane out;                /* of the same shape; scale 1/256, zero point -128 */
    const int32_t *exponentials; /* [count], Q31, the first INT32_MAX, none negative: of 0, 1, ... steps below the
                                    largest channel */
    uint16_t count;              /* 1..256; what lies further away counts as 0 */
} fp_softmax;

/* `out` gets its halo filled. It does not overlap `in`, except that it may be equal where both planes lie exactly
 * alike. Where the exponentials of a position sum up to 512 or more, where the reference stops, every output is -128.
 */
fp_status fp_softmax_run(const fp_softmax *softmax, const int8_t *in, int8_t *out);

#ifdef __cplusplus
}
#endif
#endif
