/* Layers by lists of taps: each output channel's weights are expanded once, then walked for its positions. */
#include <stddef.h>

#include "fp_conv_kernel.h"
#include "fp_mve_move.h"

#if FP_MVE_KERNELS
#define WALK fp_conv_walk_mve
#elif FP_FAST_KERNELS
#define WALK fp_conv_walk_dsp
#else
#define WALK fp_conv_walk_reference
#endif

uint32_t fp_conv_list_scratch_bytes(const fp_conv *conv) {
    const uint32_t words = fp_conv_kernel_area(conv) + (conv->max_taps / FP_TAPS_BLOCK + 1u) * FP_TAPS_BLOCK;
    return (uint32_t)sizeof(uint32_t) * words + fp_reader_table_bytes(conv->encoding);
}

void fp_conv_fill_positions(const fp_conv *conv, fp_tap *position) {
    const uint32_t step_down = (uint32_t)conv->dilation_height * conv->in.row_pitch;
    for (uint32_t ky = 0; ky < conv->kernel_height; ky++) {
        for (uint32_t kx = 0; kx < conv->kernel_width; kx++) {
            *position++ = FP_TAP(ky * step_down + kx * conv->dilation_width, 0);
        }
    }
}

/* A channel without a tap is the same everywhere; at high sparsity there are many. */
void fp_conv_fill_channel(const fp_conv *conv, const fp_conv_channel *channel, int8_t *out) {
    const int8_t value = fp_conv_finish(conv, channel, channel->bias);
    for (uint32_t y = 0; y < conv->out.height; y++) {
        fp_mve_fill(out, value, conv->out.width);
        out += conv->out.row_pitch;
    }
}

fp_status fp_conv_run_list(const fp_conv *conv, const int8_t *window, int8_t *out, uint32_t *scratch,
                           fp_conv_channel_done *done, const void *context) {
    if (FP_MVE_KERNELS && fp_conv_is_dots(conv)) {
        return fp_conv_run_dots(conv, window, out, scratch, done, context);
    }
    const uint32_t area = fp_conv_kernel_area(conv), inputs = fp_conv_channels_per_group(conv);
    fp_tap *const position = scratch + fp_reader_table_bytes(conv->encoding) / sizeof(uint32_t);
    const fp_tap_geometry geometry = {position, area, conv->in.channel_pitch, inputs * area};
    fp_tap *const taps = position + area;
    const uint32_t group_step = inputs * conv->in.channel_pitch;
    const uint32_t group_filters = conv->out.channels / (uint32_t)conv->groups;
    fp_weight_reader reader;
    if (fp_reader_open(&reader, conv->encoding, conv->weights, conv->weight_bytes, scratch) != FP_OK) {
        return FP_ERR_ENCODING;
    }
    fp_conv_fill_positions(conv, position);
    for (uint32_t c = 0; c < conv->out.channels; c++) {
        if (fp_taps_expand(&reader, &geometry, taps, conv->max_taps) != FP_OK) {
            return FP_ERR_ENCODING;
        }
        fp_conv_channel channel = fp_conv_channel_of(conv, c, taps);
        channel.room = done == NULL ? channel.room : 0;
        if (taps[0] == FP_TAP_END) {
            fp_conv_fill_channel(conv, &channel, out);
        } else {
            WALK(conv, &channel, window + (size_t)(c / group_filters) * group_step, out);
        }
        if (done != NULL) {
            done(context, c, out);
        } else {
            out += conv->out.channel_pitch;
        }
    }
    return fp_reader_close(&reader);
}
