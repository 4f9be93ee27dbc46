#include "fp_conv.h"

#include <stddef.h>
#include <string.h>

#include "fp_conv_kernel.h"
#include "fp_requant.h"
#include "fp_taps.h"

#if FP_MVE_KERNELS
#define WALK fp_conv_walk_mve
#elif FP_FAST_KERNELS
#define WALK fp_conv_walk_dsp
#else
#define WALK fp_conv_walk_reference
#endif

static uint32_t kernel_area(const fp_conv *conv) {
    return (uint32_t)conv->kernel_height * conv->kernel_width;
}

/* Input channels that one output channel reads. */
static uint32_t channels_per_group(const fp_conv *conv) {
    return conv->in.channels / (uint32_t)conv->groups;
}

static int groups_are_legal(const fp_conv *conv) {
    return conv->groups != 0 && conv->in.channels % conv->groups == 0 && conv->out.channels % conv->groups == 0;
}

/* What the weights' reader needs; for a list, also an entry per kernel position, the taps of one channel and
 * FP_TAP_END.
 */
uint32_t fp_conv_scratch_bytes(const fp_conv *conv) {
    if (fp_conv_is_dot(conv)) {
        return fp_reader_table_bytes(conv->encoding);
    }
    if (fp_conv_is_quad(conv)) {
        return fp_conv_quad_scratch_bytes(conv);
    }
    const uint32_t words = kernel_area(conv) + conv->max_taps + 1u;
    return (uint32_t)sizeof(uint32_t) * words + fp_reader_table_bytes(conv->encoding);
}

static void fill_positions(const fp_conv *conv, fp_tap *position) {
    const uint32_t step_down = (uint32_t)conv->dilation_height * conv->in.row_pitch;
    for (uint32_t ky = 0; ky < conv->kernel_height; ky++) {
        for (uint32_t kx = 0; kx < conv->kernel_width; kx++) {
            *position++ = FP_TAP(ky * step_down + kx * conv->dilation_width, 0);
        }
    }
}

/* How far the windows reach past the input's end along one axis. */
static int32_t overhang(uint32_t outputs, uint32_t stride, uint32_t kernel, uint32_t dilation, uint32_t pad,
                        uint32_t size) {
    const uint32_t reach = (outputs - 1u) * stride + (kernel - 1u) * dilation + 1u;
    return (int32_t)reach - (int32_t)pad - (int32_t)size;
}

/* Whether every window, padding included, reads elements and halo of the right row and channel only. */
static int windows_fit(const fp_conv *conv) {
    const fp_plane *in = &conv->in;
    const int32_t right = overhang(conv->out.width, conv->stride_width, conv->kernel_width, conv->dilation_width,
                                   conv->pad_left, in->width);
    const int32_t below = overhang(conv->out.height, conv->stride_height, conv->kernel_height, conv->dilation_height,
                                   conv->pad_top, in->height);
    const int32_t side_halo = (int32_t)in->row_pitch - in->width;
    if (conv->pad_left > side_halo || right > side_halo) {
        return 0;
    }
    const uint32_t lead = (uint32_t)conv->pad_top * in->row_pitch + conv->pad_left;
    const int64_t last_row = (int64_t)in->height - 1 + (below > 0 ? below : 0);
    const int64_t extent = last_row * in->row_pitch + in->width + (right > 0 ? right : 0);
    const uint64_t last_channel = in->origin + (uint64_t)(in->channels - 1u) * in->channel_pitch;
    if (lead > in->origin || last_channel + (uint64_t)extent > in->bytes) {
        return 0;
    }
    /* The next channel's first element, and the last element of the channel before, are not halo. */
    const uint64_t elements = (uint64_t)(in->height - 1u) * in->row_pitch + in->width;
    return in->channels == 1 || ((uint64_t)extent <= in->channel_pitch && lead + elements <= in->channel_pitch);
}

static int scales_are_legal(const fp_conv *conv) {
    const uint32_t count = conv->per_channel ? conv->out.channels : 1u;
    for (uint32_t c = 0; c < count; c++) {
        if (conv->multiplier[c] < 0 || conv->shift[c] < FP_SHIFT_MIN || conv->shift[c] > FP_SHIFT_MAX) {
            return 0;
        }
    }
    return 1;
}

static fp_status check_conv(const fp_conv *conv) {
    if (conv->weights == NULL || conv->bias == NULL || conv->multiplier == NULL || conv->shift == NULL ||
        fp_plane_check(&conv->in) != FP_OK || fp_plane_check(&conv->out) != FP_OK ||
        conv->in.bytes > FP_TAP_OFFSET_LIMIT) {
        return FP_ERR_ARGUMENT;
    }
    if (kernel_area(conv) == 0 || conv->stride_height == 0 || conv->stride_width == 0 || conv->dilation_height == 0 ||
        conv->dilation_width == 0 || conv->activation_min > conv->activation_max || !groups_are_legal(conv) ||
        conv->max_taps > channels_per_group(conv) * kernel_area(conv)) {
        return FP_ERR_ARGUMENT;
    }
    return windows_fit(conv) && scales_are_legal(conv) ? FP_OK : FP_ERR_ARGUMENT;
}

/* A channel without a tap is the same everywhere; at high sparsity there are many. */
static void fill_channel(const fp_conv *conv, const fp_conv_channel *channel, int8_t *out) {
    const int8_t value = fp_conv_finish(conv, channel, channel->bias);
    for (uint32_t y = 0; y < conv->out.height; y++) {
        memset(out, value, conv->out.width);
        out += conv->out.row_pitch;
    }
}

static fp_status run_channels(const fp_conv *conv, const int8_t *window, int8_t *out, uint32_t *scratch) {
    const uint32_t area = kernel_area(conv);
    fp_tap *const position = scratch + fp_reader_table_bytes(conv->encoding) / sizeof(uint32_t);
    const fp_tap_geometry geometry = {position, area, conv->in.channel_pitch, channels_per_group(conv) * area};
    fp_tap *const taps = position + area;
    const uint32_t group_step = channels_per_group(conv) * conv->in.channel_pitch;
    const uint32_t group_filters = conv->out.channels / (uint32_t)conv->groups;
    fp_weight_reader reader;
    if (fp_reader_open(&reader, conv->encoding, conv->weights, conv->weight_bytes, scratch) != FP_OK) {
        return FP_ERR_ENCODING;
    }
    fill_positions(conv, position);
    for (uint32_t c = 0; c < conv->out.channels; c++) {
        if (fp_taps_expand(&reader, &geometry, taps, conv->max_taps) != FP_OK) {
            return FP_ERR_ENCODING;
        }
        const fp_conv_channel channel = fp_conv_channel_of(conv, c, taps);
        if (taps[0] == FP_TAP_END) {
            fill_channel(conv, &channel, out);
        } else {
            WALK(conv, &channel, window + (size_t)(c / group_filters) * group_step, out);
        }
        out += conv->out.channel_pitch;
    }
    return fp_reader_close(&reader);
}

fp_status fp_conv_run(const fp_conv *conv, const int8_t *in, int8_t *out, void *scratch) {
    if (conv == NULL || in == NULL || out == NULL || scratch == NULL || ((uintptr_t)scratch & 3u) != 0 ||
        check_conv(conv) != FP_OK) {
        return FP_ERR_ARGUMENT;
    }
    const uint32_t lead = (uint32_t)conv->pad_top * conv->in.row_pitch + conv->pad_left;
    const int8_t *const window = in + conv->in.origin - lead;
    fp_status status;
    if (FP_WITH_CODED_ROWS && fp_conv_is_dot(conv) && conv->encoding > FP_ENCODING_GAP8) {
        status = fp_conv_run_coded_dot(conv, window, out + conv->out.origin, scratch);
    } else if (fp_conv_is_dot(conv)) {
        status = fp_conv_run_dot(conv, window, out + conv->out.origin);
    } else if (FP_FAST_KERNELS && fp_conv_is_quad(conv) && fp_conv_quad_fits(conv)) {
        status = fp_conv_run_quad(conv, window, out + conv->out.origin, scratch);
    } else {
        status = run_channels(conv, window, out + conv->out.origin, scratch);
    }
    if (status == FP_OK) {
        fp_plane_fill_halo(&conv->out, out);
    }
    return status;
}
