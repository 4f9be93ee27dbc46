/* Four dot products with one row of weights, in portable C. Included by fp_quad.h only. */
#ifndef FP_QUAD_PORTABLE_H
#define FP_QUAD_PORTABLE_H

/* Unsigned, so that a sum that overflows wraps. */
static inline int32_t fp_quad_multiply(int32_t a, int32_t b, int32_t sum) {
    return (int32_t)((uint32_t)sum + (uint32_t)(a * b));
}

/* Written out, so that the sums stay in registers. */
static inline void fp_quad_add_tap(fp_quad *sums, const int16_t *values, int32_t weight) {
    sums->sum[0] = fp_quad_multiply(weight, values[0], sums->sum[0]);
    sums->sum[1] = fp_quad_multiply(weight, values[FP_QUAD_STEP], sums->sum[1]);
    sums->sum[2] = fp_quad_multiply(weight, values[2u * FP_QUAD_STEP], sums->sum[2]);
    sums->sum[3] = fp_quad_multiply(weight, values[3u * FP_QUAD_STEP], sums->sum[3]);
}

static inline fp_quad fp_quad_dot(const uint8_t *row, uint32_t lead, const uint8_t *end, const int16_t *values,
                                  int32_t start) {
    fp_quad sums = {{start, start, start, start}};
    for (uint32_t step = lead; row != end; step = FP_QUAD) {
        fp_quad_add_tap(&sums, values + FP_QUAD_TAP(0u), (int8_t)row[0]);
        fp_quad_add_tap(&sums, values + FP_QUAD_TAP(1u), (int8_t)row[1]);
        fp_quad_add_tap(&sums, values + FP_QUAD_TAP(2u), (int8_t)row[2]);
        fp_quad_add_tap(&sums, values + FP_QUAD_TAP(3u), (int8_t)row[3]);
        values += FP_QUAD * FP_QUAD;
        row += step;
    }
    return sums;
}

static inline void fp_quad_add_rows(const uint8_t *row, uint32_t pitch, const int8_t *in, const int8_t *end,
                                    fp_quad *sums) {
    const uint8_t *r0 = row, *r1 = r0 + pitch, *r2 = r1 + pitch, *r3 = r2 + pitch;
    fp_quad total = *sums;
    while (in != end) {
        const int32_t value = *in++;
        total.sum[0] = fp_quad_multiply(value, (int8_t)*r0++, total.sum[0]);
        total.sum[1] = fp_quad_multiply(value, (int8_t)*r1++, total.sum[1]);
        total.sum[2] = fp_quad_multiply(value, (int8_t)*r2++, total.sum[2]);
        total.sum[3] = fp_quad_multiply(value, (int8_t)*r3++, total.sum[3]);
    }
    *sums = total;
}

static inline int8_t fp_quad_requantize(const fp_requant_short *requant, int32_t sum) {
    return fp_clamp(fp_requant_short_apply(requant, 2 * sum), INT8_MIN, INT8_MAX);
}

#endif
