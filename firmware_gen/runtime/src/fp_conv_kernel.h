/* The seam between the convolution driver and what computes its output channels. */
#ifndef FP_CONV_KERNEL_H
#define FP_CONV_KERNEL_H

#include <stdint.h>

#include "fp_conv.h"
#include "fp_requant.h"
#include "fp_taps.h"

/* With FP_REFERENCE_KERNELS every layer goes the way that defines its result. */
#if defined(FP_REFERENCE_KERNELS)
#define FP_FAST_KERNELS 0
#else
#define FP_FAST_KERNELS 1
#endif

/* Kernels for vectors of 128 bits (Armv8.1-M MVE): where the core has them, or where they are asked for, in C. */
#if !defined(FP_MVE_KERNELS) && defined(__ARM_FEATURE_MVE)
#define FP_MVE_KERNELS FP_FAST_KERNELS
#elif !defined(FP_MVE_KERNELS)
#define FP_MVE_KERNELS 0
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
    uint32_t room; /* bytes from the channel's first output to the end of the tensor; nothing behind the channel counts
                    * yet */
} fp_conv_channel;

static inline fp_conv_channel fp_conv_channel_of(const fp_conv *conv, uint32_t index, const fp_tap *taps) {
    const uint32_t scale = conv->per_channel ? index : 0;
    const uint32_t room = conv->out.bytes - conv->out.origin - index * conv->out.channel_pitch;
    const fp_conv_channel channel = {taps, conv->bias[index], conv->multiplier[scale], conv->shift[scale], room};
    return channel;
}

static inline uint32_t fp_conv_kernel_area(const fp_conv *conv) {
    return (uint32_t)conv->kernel_height * conv->kernel_width;
}

/* Input channels that one output channel reads. */
static inline uint32_t fp_conv_channels_per_group(const fp_conv *conv) {
    return conv->in.channels / (uint32_t)conv->groups;
}

/* The first element of the window of output (0, 0) in input channel 0. */
static inline const int8_t *fp_conv_first_window(const fp_conv *conv, const int8_t *in) {
    return in + conv->in.origin - ((uint32_t)conv->pad_top * conv->in.row_pitch + conv->pad_left);
}

/* FP_ERR_ARGUMENT unless everything but the weights is as fp_conv.h asks for. */
fp_status fp_conv_check(const fp_conv *conv);

/* From an accumulator to an output. */
static inline int8_t fp_conv_finish(const fp_conv *conv, const fp_conv_channel *channel, int32_t sum) {
    const int32_t scaled = fp_requantize(sum, channel->multiplier, channel->shift);
    return fp_clamp(scaled + conv->out.zero_point, conv->activation_min, conv->activation_max);
}

/* |weight * input| is at most this. */
#define FP_PRODUCT_LIMIT ((uint32_t)1 << 14)

/* Whether twice any accumulator of this channel fits 32 bits and its scale the short requantisation. */
static inline int fp_conv_fits_short(const fp_conv_channel *channel, uint32_t taps) {
    const uint32_t bias = (uint32_t)channel->bias;
    const uint32_t magnitude = channel->bias < 0 ? 0u - bias : bias;
    if (taps >= FP_REQUANT_SHORT_INPUT_LIMIT / FP_PRODUCT_LIMIT || magnitude >= FP_REQUANT_SHORT_INPUT_LIMIT) {
        return 0;
    }
    return fp_requant_short_fits(magnitude + taps * FP_PRODUCT_LIMIT, channel->multiplier, channel->shift);
}

/* Compute one output channel. `window` is the first element of the window of output (0, 0) in input channel 0, `out` is
 * element (0, 0) of the output channel. Halo bytes between the output's rows, and what lies behind the channel, may be
 * overwritten: channels are computed in their order. */
typedef void fp_conv_walk(const fp_conv *conv, const fp_conv_channel *channel, const int8_t *window, int8_t *out);

/* What happens to an output channel that is computed; `out` is its element (0, 0). */
typedef void fp_conv_channel_done(const void *context, uint32_t channel, int8_t *out);

/* Run a layer by lists of taps, channel after channel. With `done` NULL, the channels lie behind one another from `out`
 * on, else all are computed at `out`, the next one when `done` returns. */
fp_status fp_conv_run_list(const fp_conv *conv, const int8_t *window, int8_t *out, uint32_t *scratch,
                           fp_conv_channel_done *done, const void *context);

/* Bytes of scratch for that: what the weights' reader needs, an entry per kernel position, the taps of one channel and
 * FP_TAP_END, the two in whole blocks. */
uint32_t fp_conv_list_scratch_bytes(const fp_conv *conv);
#define FP_TAPS_BLOCK 8u

/* Its parts: the entries of kernel positions, as fp_tap_geometry wants them; and a channel without a tap, which is the
 * same everywhere (at high sparsity there are many). */
void fp_conv_fill_positions(const fp_conv *conv, fp_tap *position);
void fp_conv_fill_channel(const fp_conv *conv, const fp_conv_channel *channel, int8_t *out);

/* Whether blocks of weights against gathered inputs (fp_mve_dots.h) compute it in fewer instructions. */
int fp_conv_is_dots(const fp_conv *conv);

/* The same as fp_conv_run_list, for such a layer. */
fp_status fp_conv_run_dots(const fp_conv *conv, const int8_t *window, int8_t *out, uint32_t *scratch,
                           fp_conv_channel_done *done, const void *context);

/* Portable C; the definition of the result. */
fp_conv_walk fp_conv_walk_reference;

/* Eight output positions at a time, by DSP instructions where the core has them; same result. */
fp_conv_walk fp_conv_walk_dsp;

/* The same with vectors of four 32-bit sums (fp_mve_walk.h); same result. */
fp_conv_walk fp_conv_walk_mve;

/* Whether the layer is one dot product per output channel: one output position, and weight i belongs to byte i of the
 * window. */
int fp_conv_is_dot(const fp_conv *conv);

/* Compute such a layer, without scratch; `window` and `out` as above, for all output channels. Halo bytes stay. */
fp_status fp_conv_run_dot(const fp_conv *conv, const int8_t *window, int8_t *out);

/* The same for dense weights; max_taps is not looked at, as no list is made. */
fp_status fp_conv_run_dense_dot(const fp_conv *conv, const int8_t *window, int8_t *out);

/* The same for encodings whose rows follow each other without a seam. */
fp_status fp_conv_run_coded_dot(const fp_conv *conv, const int8_t *window, int8_t *out, void *scratch);

/* Whether the layer's weights are dense and there is enough to do for four output positions at a time. */
int fp_conv_is_quad(const fp_conv *conv);

/* Whether every channel has a short requantisation; other layers go by a list of taps, which takes less scratch. */
int fp_conv_quad_fits(const fp_conv *conv);

/* Bytes of scratch for such a layer. */
uint32_t fp_conv_quad_scratch_bytes(const fp_conv *conv);

/* Compute a layer that fits; as above, for all output channels. Halo bytes stay. */
fp_status fp_conv_run_quad(const fp_conv *conv, const int8_t *window, int8_t *out, uint32_t *scratch);

/* Whether vectors can compute it, in the same scratch. */
int fp_conv_is_tiled(const fp_conv *conv);

/* The same with vectors of 16 taps (fp_mve_tile.h); same result. */
fp_status fp_conv_run_tiles(const fp_conv *conv, const int8_t *window, int8_t *out, uint32_t *scratch);

#ifdef __cplusplus
}
#endif
#endif
