#include "fp_conv_kernel.h"
#include "fp_conv_runs.h"
#include "fp_mve_walk.h"

static void walk_rows(const void *filter, const int8_t *window, int8_t *out, const fp_conv_rows *rows) {
    fp_mve_walk(filter, window, out, rows);
}

void fp_conv_walk_mve(const fp_conv *conv, const fp_conv_channel *channel, const int8_t *window, int8_t *out) {
    if (conv->stride_width > FP_MVE_STRIDE_MAX || !fp_conv_fits_short(channel, conv->max_taps)) {
        fp_conv_walk_reference(conv, channel, window, out);
        return;
    }
    const fp_mve_filter filter = {
        .taps = channel->taps,
        .bias = channel->bias,
        .stride = conv->stride_width,
        .requant = fp_requant_short_make(channel->multiplier, channel->shift, conv->out.zero_point),
    };
    const fp_conv_runner runner = {walk_rows, &filter, FP_MVE_BLOCK, channel->room};
    fp_conv_run_channel(conv, &runner, window, out);
}
