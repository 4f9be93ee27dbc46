#include "fp_conv.h"

#include <stddef.h>

#include "fp_conv_kernel.h"
#include "fp_requant.h"
#include "fp_taps.h"

static int groups_are_legal(const fp_conv *conv) {
    return conv->groups != 0 && conv->in.channels % conv->groups == 0 && conv->out.channels % conv->groups == 0;
}

/* What the weights' reader needs, or what the way that the layer takes needs. */
uint32_t fp_conv_scratch_bytes(const fp_conv *conv) {
    if (fp_conv_is_dot(conv)) {
        return fp_reader_table_bytes(conv->encoding);
    }
    return fp_conv_is_quad(conv) ? fp_conv_quad_scratch_bytes(conv) : fp_conv_list_scratch_bytes(conv);
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

fp_status fp_conv_check(const fp_conv *conv) {
    if (conv->weights == NULL || conv->bias == NULL || conv->multiplier == NULL || conv->shift == NULL ||
        fp_plane_check(&conv->in) != FP_OK || fp_plane_check(&conv->out) != FP_OK ||
        conv->in.bytes > FP_TAP_OFFSET_LIMIT) {
        return FP_ERR_ARGUMENT;
    }
    if (fp_conv_kernel_area(conv) == 0 || conv->stride_height == 0 || conv->stride_width == 0 ||
        conv->dilation_height == 0 || conv->dilation_width == 0 || conv->activation_min > conv->activation_max ||
        !groups_are_legal(conv) || conv->max_taps > fp_conv_channels_per_group(conv) * fp_conv_kernel_area(conv)) {
        return FP_ERR_ARGUMENT;
    }
    return windows_fit(conv) && scales_are_legal(conv) ? FP_OK : FP_ERR_ARGUMENT;
}

fp_status fp_conv_run(const fp_conv *conv, const int8_t *in, int8_t *out, void *scratch) {
    if (conv == NULL || in == NULL || out == NULL || scratch == NULL || ((uintptr_t)scratch & 3u) != 0 ||
        fp_conv_check(conv) != FP_OK) {
        return FP_ERR_ARGUMENT;
    }
    const int8_t *const window = fp_conv_first_window(conv, in);
    fp_status status;
    if (FP_WITH_CODED_ROWS && fp_conv_is_dot(conv) && conv->encoding > FP_ENCODING_GAP8) {
        status = fp_conv_run_coded_dot(conv, window, out + conv->out.origin, scratch);
    } else if (fp_conv_is_dot(conv)) {
        status = fp_conv_run_dot(conv, window, out + conv->out.origin);
    } else if (FP_MVE_KERNELS && fp_conv_is_tiled(conv) && fp_conv_quad_fits(conv)) {
        status = fp_conv_run_tiles(conv, window, out + conv->out.origin, scratch);
    } else if (FP_FAST_KERNELS && fp_conv_is_quad(conv) && fp_conv_quad_fits(conv)) {
        status = fp_conv_run_quad(conv, window, out + conv->out.origin, scratch);
    } else {
        status = fp_conv_run_list(conv, window, out + conv->out.origin, scratch, NULL, NULL);
    }
    if (status == FP_OK) {
        fp_plane_fill_halo(&conv->out, out);
    }
    return status;
}
