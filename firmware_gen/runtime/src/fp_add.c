#include "fp_add.h"

#include <stddef.h>

#include "fp_rows.h"

/* The arithmetic in the form the loops want it.
 *
 * TensorFlow Lite derives the scales so that the input of the larger one is halved, always: that input, `coarse`, only
 * needs one bit less of left shift. Where both are halved, `fine` takes one bit more of left shift and a quarter.
 * `exact` is for scales without a short form. Values and sums are kept doubled, as the short form wants them.
 */
typedef struct add_plan {
    int exact;
    int first_is_fine;
    int32_t coarse_unit;  /* 2^bits of the left shift; negative where it is subtracted, as coarse_start then */
    int32_t fine_sign;    /* twice 1 or -1 */
    int32_t coarse_start; /* what the zero point takes off */
    int32_t fine_start;
    int32_t fine_unit; /* 2^bits of the left shift, doubled */
    fp_requant_short fine;
    fp_requant_short sum;
} add_plan;

#define ADD_UNIT ((int32_t)1 << FP_ADD_LEFT_SHIFT)
/* |value - zero point| of int8 numbers, shifted left with one bit to spare. */
#define ADD_LIMIT ((uint32_t)255 << (FP_ADD_LEFT_SHIFT + 1))

static int is_half(fp_scale scale) {
    return scale.multiplier == (int32_t)1 << 30 && scale.shift == 0;
}

static add_plan plan_add(const fp_add *add) {
    add_plan plan = {0};
    plan.first_is_fine = !is_half(add->first_scale);
    const fp_scale coarse = plan.first_is_fine ? add->second_scale : add->first_scale;
    const fp_scale fine = plan.first_is_fine ? add->first_scale : add->second_scale;
    const int equal = is_half(fine);
    const int32_t shift = equal ? -1 : fine.shift;
    plan.exact = !is_half(coarse) || !fp_requant_short_fits(ADD_LIMIT, fine.multiplier, shift) ||
                 !fp_requant_short_fits(ADD_LIMIT, add->sum_scale.multiplier, add->sum_scale.shift);
    if (!plan.exact) {
        plan.fine_unit = (equal ? 4 : 2) * ADD_UNIT;
        plan.coarse_unit = add->subtract && plan.first_is_fine ? -ADD_UNIT : ADD_UNIT;
        plan.fine_sign = add->subtract && !plan.first_is_fine ? -2 : 2;
        plan.coarse_start = -(plan.first_is_fine ? add->second.zero_point : add->first.zero_point) * plan.coarse_unit;
        plan.fine_start = -(plan.first_is_fine ? add->first.zero_point : add->second.zero_point) * plan.fine_unit;
        plan.fine = fp_requant_short_make(fine.multiplier, shift, 0);
        plan.sum = fp_requant_short_make(add->sum_scale.multiplier, add->sum_scale.shift, add->out.zero_point);
    }
    return plan;
}

/* The definition. */
static void add_exact(const fp_add *add, const int8_t *first, const int8_t *second, int8_t *out, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        const int32_t one = fp_rescale((first[i] - add->first.zero_point) * ADD_UNIT, add->first_scale);
        const int32_t other = fp_rescale((second[i] - add->second.zero_point) * ADD_UNIT, add->second_scale);
        const int32_t total = add->subtract ? one - other : one + other;
        const int32_t sum = fp_rescale(total, add->sum_scale) + add->out.zero_point;
        out[i] = fp_clamp(sum, add->activation_min, add->activation_max);
    }
}

static void add_short(const fp_add *add, const add_plan *plan, const int8_t *coarse, const int8_t *fine, int8_t *out,
                      uint32_t count) {
    const add_plan p = *plan;
    const int32_t low = add->activation_min, high = add->activation_max;
    for (uint32_t i = 0; i < count; i++) {
        const int32_t scaled = fp_requant_short_apply(&p.fine, p.fine_start + fine[i] * p.fine_unit);
        const int32_t twice = p.coarse_start + coarse[i] * p.coarse_unit + p.fine_sign * scaled;
        out[i] = fp_clamp(fp_requant_short_apply(&p.sum, twice), low, high);
    }
}

static int scale_is_good(fp_scale scale) {
    return scale.multiplier >= 0 && scale.shift <= 0 && scale.shift >= FP_SHIFT_MIN;
}

static fp_status check_add(const fp_add *add) {
    if (fp_plane_check(&add->first) != FP_OK || fp_plane_check(&add->second) != FP_OK ||
        fp_plane_check(&add->out) != FP_OK || !fp_plane_same_shape(&add->first, &add->out) ||
        !fp_plane_same_shape(&add->second, &add->out) || add->activation_min > add->activation_max) {
        return FP_ERR_ARGUMENT;
    }
    const int good =
        scale_is_good(add->first_scale) && scale_is_good(add->second_scale) && scale_is_good(add->sum_scale);
    return good ? FP_OK : FP_ERR_ARGUMENT;
}

fp_status fp_add_run(const fp_add *add, const int8_t *first, const int8_t *second, int8_t *out) {
    if (add == NULL || first == NULL || second == NULL || out == NULL || check_add(add) != FP_OK) {
        return FP_ERR_ARGUMENT;
    }
    const add_plan plan = plan_add(add);
    const fp_rows rows = fp_rows_of(&add->out, fp_plane_is_dense(&add->first) && fp_plane_is_dense(&add->second) &&
                                                   fp_plane_is_dense(&add->out));
    for (uint32_t c = 0; c < rows.channels; c++) {
        for (uint32_t y = 0; y < rows.rows; y++) {
            const int8_t *one = first + fp_row_offset(&add->first, c, y);
            const int8_t *other = second + fp_row_offset(&add->second, c, y);
            int8_t *to = out + fp_row_offset(&add->out, c, y);
            if (plan.exact) {
                add_exact(add, one, other, to, rows.length);
            } else if (plan.first_is_fine) {
                add_short(add, &plan, other, one, to, rows.length);
            } else {
                add_short(add, &plan, one, other, to, rows.length);
            }
        }
    }
    fp_plane_fill_halo(&add->out, out);
    return FP_OK;
}
