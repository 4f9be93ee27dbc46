#include <stddef.h>
#include <string.h>

#include "fp_conv_kernel.h"
#include "fp_conv_runs.h"
#include "fp_dsp.h"

typedef struct block_plan block_plan;
typedef void compute_block(const block_plan *plan, const int8_t *window, int8_t *out);

/* What a block of eight neighbouring positions needs to know of its channel. */
struct block_plan {
    compute_block *compute;
    const fp_tap *taps;
    int32_t twice_bias;
    fp_requant_short requant;
    uint32_t stride;    /* bytes from a window to the next, 1 or 2 */
    uint32_t out_pitch; /* bytes from an output row to the next */
};

/* Written out, so that the sums go from register to register. */
static inline void store_four(const fp_requant_short *requant, const int32_t *twice, int8_t *out) {
    out[0] = fp_lane_requantize(requant, twice[0]);
    out[1] = fp_lane_requantize(requant, twice[1]);
    out[2] = fp_lane_requantize(requant, twice[2]);
    out[3] = fp_lane_requantize(requant, twice[3]);
}

/* Four neighbours at `out`, four at `second`. */
static inline void store_block(const block_plan *plan, const fp_lanes *lanes, int8_t *out, int8_t *second) {
    const fp_requant_short requant = plan->requant;
    store_four(&requant, lanes->twice, out);
    store_four(&requant, lanes->twice + 4, second);
}

static void compute_stride1(const block_plan *plan, const int8_t *window, int8_t *out) {
    const fp_lanes lanes = fp_lanes_stride1(plan->taps, window, plan->twice_bias);
    store_block(plan, &lanes, out, out + 4);
}

static void compute_stride2(const block_plan *plan, const int8_t *window, int8_t *out) {
    const fp_lanes lanes = fp_lanes_stride2(plan->taps, window, plan->twice_bias);
    store_block(plan, &lanes, out, out + 4);
}

/* Two rows of four outputs. */
static void compute_rows5(const block_plan *plan, const int8_t *window, int8_t *out) {
    const fp_lanes lanes = fp_lanes_rows5(plan->taps, window, plan->twice_bias);
    store_block(plan, &lanes, out, out + plan->out_pitch);
}

static void compute_rows18(const block_plan *plan, const int8_t *window, int8_t *out) {
    const fp_lanes lanes = fp_lanes_rows18_stride2(plan->taps, window, plan->twice_bias);
    store_block(plan, &lanes, out, out + plan->out_pitch);
}

/* Two rows of two. */
static void compute_square3(const block_plan *plan, const int8_t *window, int8_t *out) {
    const fp_lanes lanes = fp_lanes_square3(plan->taps, window, plan->twice_bias);
    const fp_requant_short requant = plan->requant;
    out[0] = fp_lane_requantize(&requant, lanes.twice[0]);
    out[1] = fp_lane_requantize(&requant, lanes.twice[1]);
    out[plan->out_pitch] = fp_lane_requantize(&requant, lanes.twice[2]);
    out[plan->out_pitch + 1u] = fp_lane_requantize(&requant, lanes.twice[3]);
}

/* How two rows of a small plane are computed at once, or NULL: the late layers of networks for small images have planes
 * of four by four and two by two, and blocks of neighbours would hold few of them. Their inputs have a halo of one. */
static compute_block *two_rows_of(const fp_conv *conv) {
    const uint32_t rows_apart = (uint32_t)conv->stride_height * conv->in.row_pitch;
    if (conv->out.height < 2 || conv->stride_width > 2) {
        return NULL;
    }
    if (conv->out.width == 4) {
        return conv->stride_width == 1 ? (rows_apart == 5 ? compute_rows5 : NULL)
                                       : (rows_apart == 18 ? compute_rows18 : NULL);
    }
    return conv->out.width == 2 && conv->stride_width == 1 && rows_apart == 3 ? compute_square3 : NULL;
}

/* Two rows at a time; where their number is odd, the last ones once more with the one before. */
static void compute_row_pairs(const fp_conv *conv, const block_plan *plan, const int8_t *window, int8_t *out) {
    const uint32_t rows_apart = (uint32_t)conv->stride_height * conv->in.row_pitch;
    const uint32_t last = conv->out.height - 2u;
    for (uint32_t y = 0; y < last; y += 2) {
        plan->compute(plan, window + y * rows_apart, out + y * conv->out.row_pitch);
    }
    plan->compute(plan, window + last * rows_apart, out + last * conv->out.row_pitch);
    fp_conv_clamp_channel(conv, out);
}

/* `count` neighbouring outputs. A last block that would reach past them moves back over outputs computed before; only
 * where there are fewer than eight does it read, never store, past the end. */
static void compute_run(const block_plan *plan, const int8_t *window, int8_t *out, uint32_t count) {
    if (count < FP_LANES) {
        int8_t block[FP_LANES];
        plan->compute(plan, window, block);
        memcpy(out, block, count);
        return;
    }
    const uint32_t last = count - FP_LANES;
    for (uint32_t start = 0; start < last; start += FP_LANES) {
        plan->compute(plan, window + start * plan->stride, out + start);
    }
    plan->compute(plan, window + last * plan->stride, out + last);
}

static void compute_rows(const void *plan, const int8_t *window, int8_t *out, const fp_conv_rows *rows) {
    for (uint32_t row = 0; row < rows->rows; row++) {
        compute_run(plan, window, out, rows->count);
        window += rows->down;
        out += rows->pitch;
    }
}

void fp_conv_walk_dsp(const fp_conv *conv, const fp_conv_channel *channel, const int8_t *window, int8_t *out) {
    const uint32_t positions = (uint32_t)conv->out.height * conv->out.width;
    if (conv->stride_width > 2 || positions == 1 || !fp_conv_fits_short(channel, conv->max_taps)) {
        fp_conv_walk_reference(conv, channel, window, out);
        return;
    }
    block_plan plan;
    plan.compute = conv->stride_width == 1 ? compute_stride1 : compute_stride2;
    plan.taps = channel->taps;
    plan.twice_bias = 2 * channel->bias;
    plan.requant = fp_requant_short_make(channel->multiplier, channel->shift, conv->out.zero_point);
    plan.stride = conv->stride_width;
    plan.out_pitch = conv->out.row_pitch;
    compute_block *const two_rows = two_rows_of(conv);
    if (two_rows != NULL) {
        plan.compute = two_rows;
        compute_row_pairs(conv, &plan, window, out);
        return;
    }
    const fp_conv_runner runner = {compute_rows, &plan, FP_LANES, 0};
    fp_conv_run_channel(conv, &runner, window, out);
}
