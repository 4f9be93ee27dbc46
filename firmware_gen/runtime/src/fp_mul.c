#include "fp_mul.h"

#include <stddef.h>

#include "fp_rows.h"

/* |product| of two differences of int8 values. */
#define MUL_LIMIT ((uint32_t)255 * 255)

static void mul_exact(const fp_mul *mul, const int8_t *first, const int8_t *second, int8_t *out, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        const int32_t product = (first[i] - mul->first.zero_point) * (second[i] - mul->second.zero_point);
        const int32_t value = fp_rescale(product, mul->scale) + mul->out.zero_point;
        out[i] = fp_clamp(value, mul->activation_min, mul->activation_max);
    }
}

static void mul_short(const fp_mul *mul, const int8_t *first, const int8_t *second, int8_t *out, uint32_t count) {
    const fp_requant_short requant =
        fp_requant_short_make(mul->scale.multiplier, mul->scale.shift, mul->out.zero_point);
    const int32_t first_zero = mul->first.zero_point, second_zero = mul->second.zero_point;
    const int32_t low = mul->activation_min, high = mul->activation_max;
    for (uint32_t i = 0; i < count; i++) {
        const int32_t product = (first[i] - first_zero) * (second[i] - second_zero);
        out[i] = fp_clamp(fp_requant_short_apply(&requant, 2 * product), low, high);
    }
}

static fp_status check_mul(const fp_mul *mul) {
    const int good = fp_plane_check(&mul->first) == FP_OK && fp_plane_check(&mul->second) == FP_OK &&
                     fp_plane_check(&mul->out) == FP_OK && fp_plane_same_shape(&mul->first, &mul->out) &&
                     fp_plane_same_shape(&mul->second, &mul->out) && mul->activation_min <= mul->activation_max &&
                     mul->scale.multiplier >= 0 && mul->scale.shift >= FP_SHIFT_MIN && mul->scale.shift <= FP_SHIFT_MAX;
    return good ? FP_OK : FP_ERR_ARGUMENT;
}

fp_status fp_mul_run(const fp_mul *mul, const int8_t *first, const int8_t *second, int8_t *out) {
    if (mul == NULL || first == NULL || second == NULL || out == NULL || check_mul(mul) != FP_OK) {
        return FP_ERR_ARGUMENT;
    }
    const int is_short = fp_requant_short_fits(MUL_LIMIT, mul->scale.multiplier, mul->scale.shift);
    const fp_rows rows = fp_rows_of(&mul->out, fp_plane_is_dense(&mul->first) && fp_plane_is_dense(&mul->second) &&
                                                   fp_plane_is_dense(&mul->out));
    for (uint32_t c = 0; c < rows.channels; c++) {
        for (uint32_t y = 0; y < rows.rows; y++) {
            const int8_t *const one = first + fp_row_offset(&mul->first, c, y);
            const int8_t *const other = second + fp_row_offset(&mul->second, c, y);
            int8_t *const to = out + fp_row_offset(&mul->out, c, y);
            (is_short ? mul_short : mul_exact)(mul, one, other, to, rows.length);
        }
    }
    fp_plane_fill_halo(&mul->out, out);
    return FP_OK;
}
