/* Dot products with dense weights: four output channels at a time share the loads of their input. */
#include <stddef.h>
#include <string.h>

#include "fp_conv_kernel.h"
#include "fp_mve_rows.h"
#include "fp_quad.h"

/* The sums of `count` rows (at most four, the first one's weights at `row`) that `sums` starts from. */
static void add_rest(const uint8_t *row, uint32_t weights, uint32_t from, uint32_t count, const int8_t *in,
                     fp_quad *sums) {
    for (uint32_t i = 0; i < count; i++) {
        uint32_t sum = (uint32_t)sums->sum[i];
        for (uint32_t index = from; index < weights; index++) {
            sum += (uint32_t)((int8_t)row[index] * in[index]);
        }
        sums->sum[i] = (int32_t)sum;
        row += weights;
    }
}

/* `count` output channels from `first` on; four at most. */
static void finish_rows(const fp_conv *conv, uint32_t first, uint32_t count, const int32_t *sums, int8_t *out) {
    if (FP_MVE_KERNELS && count == FP_QUAD) {
        fp_mve_finish_rows(conv, first, sums, out);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        const fp_conv_channel channel = fp_conv_channel_of(conv, first + i, NULL);
        out[i * conv->out.channel_pitch] = fp_conv_finish(conv, &channel, sums[i]);
    }
}

fp_status fp_conv_run_dense_dot(const fp_conv *conv, const int8_t *window, int8_t *out) {
    const uint32_t weights = (uint32_t)conv->in.channels * conv->kernel_height * conv->kernel_width;
    const uint32_t whole = FP_MVE_KERNELS ? weights : weights & ~(FP_QUAD - 1u);
    const uint8_t *row = conv->weights;
    if (conv->weight_bytes != (uint64_t)conv->out.channels * weights) {
        return FP_ERR_ENCODING;
    }
    for (uint32_t c = 0, count; c < conv->out.channels; c += count) {
        const uint32_t left = conv->out.channels - c;
        fp_quad sums;
        uint32_t from = 0;
        count = left < FP_QUAD ? left : FP_QUAD;
        memcpy(sums.sum, conv->bias + c, count * sizeof sums.sum[0]);
        if (count == FP_QUAD && whole != 0) {
#if FP_MVE_KERNELS
            fp_mve_add_rows(row, weights, window, sums.sum);
#else
            fp_quad_add_rows(row, weights, window, window + whole, &sums);
#endif
            from = whole;
        }
        if (from != weights) {
            add_rest(row, weights, from, count, window, &sums);
        }
        finish_rows(conv, c, count, sums.sum, out);
        out += count * conv->out.channel_pitch;
        row += (size_t)count * weights;
    }
    return FP_OK;
}
