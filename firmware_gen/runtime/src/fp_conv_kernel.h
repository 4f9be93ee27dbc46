/* The seam between the convolution driver and what computes its output channels. */
#ifndef FP_CONV_KERNEL_H
#define FP_CONV_KERNEL_H

#include <stdint.h>

#include "fp_conv.h"
#include "fp_requant.h"
#include "fp_taps.h"

#if !defined(FP_REFERENCE_KERNELS) && (defined(FP_DSP_EMULATION) || defined(__ARM_FEATURE_DSP))
#define FP_DSP_KERNELS 1
#else
#define FP_DSP_KERNELS 0
#endif

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

static inline fp_conv_channel fp_conv_channel_of(const fp_conv *conv, uint32_t index, const fp_tap *taps) {
    const uint32_t scale = conv->per_channel ? index : 0;
    const fp_conv_channel channel = {taps, conv->bias[index], conv->multiplier[scale], conv->shift[scale]};
    return channel;
}

/* From an accumulator to an output. */
static inline int8_t fp_conv_finish(const fp_conv *conv, const fp_conv_channel *channel, int32_t sum) {
    const int32_t scaled = fp_requantize(sum, channel->multiplier, channel->shift);
    return fp_clamp(scaled + conv->out.zero_point, conv->activation_min, conv->activation_max);
}

/* Compute one output channel. `window` is the first element of the window of output (0, 0) in input channel 0, `out` is
 * element (0, 0) of the output channel. Halo bytes between the output's rows may be overwritten. */
typedef void fp_conv_walk(const fp_conv *conv, const fp_conv_channel *channel, const int8_t *window, int8_t *out);

/* Portable C; the definition of the result. */
fp_conv_walk fp_conv_walk_reference;

/* Cortex-M with the DSP extension (or its emulation on a host): eight output positions at a time, same result. */
fp_conv_walk fp_conv_walk_dsp;

/* Whether the layer is one dot product per output channel: one output position, and weight i belongs to byte i of the
 * window. */
int fp_conv_is_dot(const fp_conv *conv);

/* Compute such a layer, without scratch; `window` and `out` as above, for all output channels. Halo bytes stay. */
fp_status fp_conv_run_dot(const fp_conv *conv, const int8_t *window, int8_t *out);

#ifdef __cplusplus
}
#endif
#endif
