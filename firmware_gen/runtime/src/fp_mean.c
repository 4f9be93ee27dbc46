#include "fp_mean.h"

#include <stddef.h>

#include "fp_rows.h"

/* A sum of this many differences of int8 values fits 32 bits. */
#define MEAN_MAX_POSITIONS ((uint32_t)1 << 23)

static int32_t sum_of(const int8_t *values, uint32_t count) {
    int32_t sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        sum += values[i];
    }
    return sum;
}

static fp_status check_mean(const fp_mean *mean) {
    const int good = fp_plane_check(&mean->in) == FP_OK && fp_plane_check(&mean->out) == FP_OK &&
                     mean->in.channels == mean->out.channels && mean->out.height == 1 && mean->out.width == 1 &&
                     (uint32_t)mean->in.height * mean->in.width <= MEAN_MAX_POSITIONS &&
                     mean->scale.shift >= FP_SHIFT_MIN && mean->scale.shift <= FP_SHIFT_MAX;
    return good ? FP_OK : FP_ERR_ARGUMENT;
}

fp_status fp_mean_run(const fp_mean *mean, const int8_t *in, int8_t *out) {
    if (mean == NULL || in == NULL || out == NULL || check_mean(mean) != FP_OK) {
        return FP_ERR_ARGUMENT;
    }
    const int32_t zero = (int32_t)((uint32_t)mean->in.height * mean->in.width) * mean->in.zero_point;
    for (uint32_t c = 0; c < mean->in.channels; c++) {
        int32_t sum = -zero;
        for (uint32_t y = 0; y < mean->in.height; y++) {
            sum += sum_of(in + fp_row_offset(&mean->in, c, y), mean->in.width);
        }
        const int32_t value = fp_rescale(sum, mean->scale) + mean->out.zero_point;
        out[fp_row_offset(&mean->out, c, 0)] = fp_clamp(value, INT8_MIN, INT8_MAX);
    }
    fp_plane_fill_halo(&mean->out, out);
    return FP_OK;
}
