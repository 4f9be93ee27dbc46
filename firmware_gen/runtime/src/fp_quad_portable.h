/* Four dot products with one row of weights, in portable C. Included by fp_quad.h only. */
#ifndef FP_QUAD_PORTABLE_H
#define FP_QUAD_PORTABLE_H

#include <stddef.h>

/* Unsigned, so that a sum that overflows wraps. */
static inline void fp_quad_add_tap(fp_quad *sums, const int16_t *values, int32_t weight) {
    for (uint32_t i = 0; i < FP_QUAD; i++) {
        sums->sum[i] = (int32_t)((uint32_t)sums->sum[i] + (uint32_t)(weight * values[FP_QUAD_STEP * i]));
    }
}

static inline fp_quad fp_quad_dot(const uint8_t *row, uint32_t lead, const uint8_t *end, const int16_t *values,
                                  int32_t start) {
    fp_quad sums = {{start, start, start, start}};
    for (uint32_t step = lead; row != end; step = FP_QUAD) {
        fp_quad_add_tap(&sums, values + FP_QUAD_TAP(0), (int8_t)row[0]);
        fp_quad_add_tap(&sums, values + FP_QUAD_TAP(1), (int8_t)row[1]);
        fp_quad_add_tap(&sums, values + FP_QUAD_TAP(2), (int8_t)row[2]);
        fp_quad_add_tap(&sums, values + FP_QUAD_TAP(3), (int8_t)row[3]);
        values += FP_QUAD * FP_QUAD;
        row += step;
    }
    return sums;
}

static inline void fp_quad_add_rows(const uint8_t *row, uint32_t pitch, const int8_t *in, const int8_t *end,
                                    fp_quad *sums) {
    const uint8_t *const rows[FP_QUAD] = {row, row + pitch, row + 2u * (size_t)pitch, row + 3u * (size_t)pitch};
    fp_quad total = *sums;
    for (size_t index = 0; in != end; index++) {
        const int32_t value = *in++;
        for (uint32_t i = 0; i < FP_QUAD; i++) {
            total.sum[i] = (int32_t)((uint32_t)total.sum[i] + (uint32_t)(value * (int8_t)rows[i][index]));
        }
    }
    *sums = total;
}

static inline int8_t fp_quad_requantize(const fp_requant_short *requant, int32_t sum) {
    return fp_clamp(fp_requant_short_apply(requant, 2 * sum), INT8_MIN, INT8_MAX);
}

#endif
