#include "fp_add.h"

#include <stddef.h>

#include "fp_add_kernel.h"
#include "fp_conv_kernel.h"
#include "fp_dsp.h"
#include "fp_mve_add.h"
#include "fp_rows.h"

/* TensorFlow Lite derives the scales so that the input of the larger one is halved, always: that input, `coarse`, only
 * needs one bit less of left shift. Where both are halved, `fine` takes one bit more of left shift and a quarter.
 */
#define ADD_UNIT ((int32_t)1 << FP_ADD_LEFT_SHIFT)
/* |value - zero point| of int8 numbers, shifted left with one bit to spare. */
#define ADD_LIMIT ((uint32_t)255 << (FP_ADD_LEFT_SHIFT + 1))

static int is_half(fp_scale scale) {
    return scale.multiplier == (int32_t)1 << 30 && scale.shift == 0;
}

/* What the short form makes of every value of the finer input, and of the coarser one's zero point; doubled. */
static void fill_table(const fp_add *add, fp_add_plan *plan, fp_scale fine) {
    const int equal = is_half(fine);
    const int8_t fine_zero = plan->first_is_fine ? add->first.zero_point : add->second.zero_point;
    const int8_t coarse_zero = plan->first_is_fine ? add->second.zero_point : add->first.zero_point;
    const fp_requant_short scale = fp_requant_short_make(fine.multiplier, equal ? -1 : fine.shift, 0);
    const int32_t unit = (equal ? 4 : 2) * ADD_UNIT;
    const int32_t sign = add->subtract && !plan->first_is_fine ? -2 : 2;
    const int32_t start = -coarse_zero * plan->coarse_unit;
    for (int32_t value = INT8_MIN; value <= INT8_MAX; value++) {
        const int32_t scaled = fp_requant_short_apply(&scale, (value - fine_zero) * unit);
        plan->table[(uint8_t)value] = start + sign * scaled;
    }
}

void fp_add_prepare(const fp_add *add, fp_add_plan *plan) {
    plan->first_is_fine = !is_half(add->first_scale);
    const fp_scale coarse = plan->first_is_fine ? add->second_scale : add->first_scale;
    const fp_scale fine = plan->first_is_fine ? add->first_scale : add->second_scale;
    const int32_t shift = is_half(fine) ? -1 : fine.shift;
    plan->exact = !is_half(coarse) || !fp_requant_short_fits(ADD_LIMIT, fine.multiplier, shift) ||
                  !fp_requant_short_fits(ADD_LIMIT, add->sum_scale.multiplier, add->sum_scale.shift);
    if (!plan->exact) {
        plan->coarse_unit = add->subtract && plan->first_is_fine ? -ADD_UNIT : ADD_UNIT;
        plan->sum = fp_requant_short_make(add->sum_scale.multiplier, add->sum_scale.shift, add->out.zero_point);
        fill_table(add, plan, fine);
    }
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

#if FP_MVE_KERNELS

static void add_short(const fp_add_plan *plan, const int8_t *coarse, const int8_t *fine, int8_t *out, uint32_t count) {
    fp_mve_add_row(plan, coarse, fine, out, count);
}

#else

static inline int8_t add_one(const fp_add_plan *plan, const fp_requant_short *sum, int32_t unit, int8_t coarse,
                             int8_t fine) {
    return fp_lane_requantize(sum, plan->table[(uint8_t)fine] + coarse * unit);
}

/* Four a turn; `out` may be either input. */
static void add_short(const fp_add_plan *plan, const int8_t *coarse, const int8_t *fine, int8_t *out, uint32_t count) {
    const fp_requant_short sum = plan->sum;
    const int32_t unit = plan->coarse_unit;
    const int8_t *const end = coarse + count;
    for (const int8_t *const fours = coarse + (count & ~3u); coarse != fours; coarse += 4, fine += 4, out += 4) {
        out[0] = add_one(plan, &sum, unit, coarse[0], fine[0]);
        out[1] = add_one(plan, &sum, unit, coarse[1], fine[1]);
        out[2] = add_one(plan, &sum, unit, coarse[2], fine[2]);
        out[3] = add_one(plan, &sum, unit, coarse[3], fine[3]);
    }
    while (coarse != end) {
        *out++ = add_one(plan, &sum, unit, *coarse++, *fine++);
    }
}

#endif

void fp_add_row(const fp_add *add, const fp_add_plan *plan, const int8_t *first, const int8_t *second, int8_t *out,
                uint32_t count) {
    if (plan->exact) {
        add_exact(add, first, second, out, count);
        return;
    }
    add_short(plan, plan->first_is_fine ? second : first, plan->first_is_fine ? first : second, out, count);
    if (add->activation_min == INT8_MIN && add->activation_max == INT8_MAX) {
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        out[i] = fp_clamp(out[i], add->activation_min, add->activation_max);
    }
}

/* Where all planes lie alike and there are vectors, halos between rows are added as well: one long row, and the halo of
 * `out` is filled afterwards. */
static fp_rows rows_of(const fp_add *add) {
    const int dense = fp_plane_is_dense(&add->first) && fp_plane_is_dense(&add->second) && fp_plane_is_dense(&add->out);
    fp_rows rows = fp_rows_of(&add->out, dense);
    const fp_plane *const out = &add->out;
    if (FP_MVE_KERNELS && !dense && fp_plane_same_pitches(&add->first, out) &&
        fp_plane_same_pitches(&add->second, out)) {
        rows.channels = rows.rows = 1;
        rows.length = fp_row_offset(out, out->channels - 1u, out->height - 1u) + out->width - out->origin;
    }
    return rows;
}

static int scale_is_good(fp_scale scale) {
    return scale.multiplier >= 0 && scale.shift <= 0 && scale.shift >= FP_SHIFT_MIN;
}

fp_status fp_add_check(const fp_add *add) {
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
    if (add == NULL || first == NULL || second == NULL || out == NULL || fp_add_check(add) != FP_OK) {
        return FP_ERR_ARGUMENT;
    }
    fp_add_plan plan;
    fp_add_prepare(add, &plan);
    const fp_rows rows = rows_of(add);
    for (uint32_t c = 0; c < rows.channels; c++) {
        for (uint32_t y = 0; y < rows.rows; y++) {
            fp_add_row(add, &plan, first + fp_row_offset(&add->first, c, y), second + fp_row_offset(&add->second, c, y),
                       out + fp_row_offset(&add->out, c, y), rows.length);
        }
    }
    fp_plane_fill_halo(&add->out, out);
    return FP_OK;
}
