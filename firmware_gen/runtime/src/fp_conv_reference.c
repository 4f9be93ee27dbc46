#include "fp_conv_kernel.h"

/* Unsigned, so that an accumulator that overflows wraps. */
static int32_t accumulate(const fp_conv_channel *channel, const int8_t *window) {
    uint32_t sum = (uint32_t)channel->bias;
    const fp_tap *list = channel->taps;
    for (fp_tap tap = *list; tap != FP_TAP_END; tap = *++list) {
        sum += (uint32_t)(FP_TAP_WEIGHT(tap) * window[FP_TAP_OFFSET(tap)]);
    }
    return (int32_t)sum;
}

void fp_conv_walk_reference(const fp_conv *conv, const fp_conv_channel *channel, const int8_t *window, int8_t *out) {
    const uint32_t step_down = (uint32_t)conv->stride_height * conv->in.row_pitch;
    for (uint32_t y = 0; y < conv->out.height; y++) {
        for (uint32_t x = 0; x < conv->out.width; x++) {
            const int32_t sum = accumulate(channel, window + y * step_down + x * conv->stride_width);
            out[y * conv->out.row_pitch + x] = fp_conv_finish(conv, channel, sum);
        }
    }
}
