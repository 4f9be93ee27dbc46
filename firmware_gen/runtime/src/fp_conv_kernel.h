/* The seam between the convolution driver and the walks over output positions. */
#ifndef FP_CONV_KERNEL_H
#define FP_CONV_KERNEL_H

#include <stdint.h>

#include "fp_conv.h"
#include "fp_taps.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One output channel, ready to be computed. */
typedef struct fp_conv_channel {
    const fp_tap *taps; /* closed by FP_TAP_END; at least one */
    int32_t bias;
    int32_t multiplier;
    int32_t shift;
} fp_conv_channel;

/* Compute one output channel. `window` is the first element of the window of output (0, 0) in input channel 0, `out` is
 * element (0, 0) of the output channel. Halo bytes between the output's rows may be overwritten. */
typedef void fp_conv_walk(const fp_conv *conv, const fp_conv_channel *channel, const int8_t *window, int8_t *out);

/* Portable C; the definition of the result. */
fp_conv_walk fp_conv_walk_reference;

/* Cortex-M with the DSP extension (or its emulation on a host): eight output positions at a time, same result. */
fp_conv_walk fp_conv_walk_dsp;

#ifdef __cplusplus
}
#endif
#endif
