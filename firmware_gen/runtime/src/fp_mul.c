#include "fp_mul.h"

#include <stddef.h>

#include "fp_rows.h"

/* |product| of two differences of int8 values. */
#define MUL_LIMIT ((uint32_t)255 * 255)

/* One row of each plane; `step` is 0 where one element of `second` is the factor of all of `first`. */
typedef struct mul_row {
    const int8_t *first;
    const int8_t *second;
    int8_t *out;
    uint32_t step;
    uint32_t length;
} mul_row;

static void mul_exact(const fp_mul *mul, mul_row row) {
    for (uint32_t i = 0; i < row.length; i++) {
        const int32_t product = (row.first[i] - mul->first.zero_point) * (*row.second - mul->second.zero_point);
        const int32_t value = fp_rescale(product, mul->scale) + mul->out.zero_point;
        row.out[i] = fp_clamp(value, mul->activation_min, mul->activation_max);
        row.second += row.step;
    }
}

static void mul_short(const fp_mul *mul, mul_row row) {
    const fp_requant_short requant =
        fp_requant_short_make(mul->scale.multiplier, mul->scale.shift, mul->out.zero_point);
    const int32_t first_zero = mul->first.zero_point, second_zero = mul->second.zero_point;
    const int32_t low = mul->activation_min, high = mul->activation_max;
    for (uint32_t i = 0; i < row.length; i++) {
        const int32_t product = (row.first[i] - first_zero) * (*row.second - second_zero);
        row.out[i] = fp_clamp(fp_requant_short_apply(&requant, 2 * product), low, high);
        row.second += row.step;
    }
}

static int is_factor_a_channel(const fp_mul *mul) {
    return mul->second.channels == mul->out.channels && mul->second.height == 1 && mul->second.width == 1;
}

static fp_status check_mul(const fp_mul *mul) {
    const int good = fp_plane_check(&mul->first) == FP_OK && fp_plane_check(&mul->second) == FP_OK &&
                     fp_plane_check(&mul->out) == FP_OK && fp_plane_same_shape(&mul->first, &mul->out) &&
                     (fp_plane_same_shape(&mul->second, &mul->out) || is_factor_a_channel(mul)) &&
                     mul->activation_min <= mul->activation_max && mul->scale.multiplier >= 0 &&
                     mul->scale.shift >= FP_SHIFT_MIN && mul->scale.shift <= FP_SHIFT_MAX;
    return good ? FP_OK : FP_ERR_ARGUMENT;
}

fp_status fp_mul_run(const fp_mul *mul, const int8_t *first, const int8_t *second, int8_t *out) {
    if (mul == NULL || first == NULL || second == NULL || out == NULL || check_mul(mul) != FP_OK) {
        return FP_ERR_ARGUMENT;
    }
    const int is_short = fp_requant_short_fits(MUL_LIMIT, mul->scale.multiplier, mul->scale.shift);
    const int alike = fp_plane_same_shape(&mul->second, &mul->out);
    const fp_rows rows = fp_rows_of(&mul->out, alike && fp_plane_is_dense(&mul->first) &&
                                                   fp_plane_is_dense(&mul->second) && fp_plane_is_dense(&mul->out));
    mul_row row;
    row.step = alike ? 1u : 0u;
    row.length = rows.length;
    for (uint32_t c = 0; c < rows.channels; c++) {
        for (uint32_t y = 0; y < rows.rows; y++) {
            row.first = first + fp_row_offset(&mul->first, c, y);
            row.second = second + fp_row_offset(&mul->second, c, alike ? y : 0u);
            row.out = out + fp_row_offset(&mul->out, c, y);
            (is_short ? mul_short : mul_exact)(mul, row);
        }
    }
    fp_plane_fill_halo(&mul->out, out);
    return FP_OK;
}
