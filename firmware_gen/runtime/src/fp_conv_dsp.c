#include "fp_conv_kernel.h"

#include <string.h>

#include "fp_dsp.h"

typedef struct block_plan block_plan;

/* What a block of eight neighbouring positions needs to know of its channel. */
struct block_plan {
    void (*compute)(const block_plan *plan, const int8_t *window, int8_t *out);
    const fp_tap *taps;
    int32_t twice_bias;
    fp_requant_short requant;
    uint32_t stride; /* bytes from a window to the next, 1 or 2 */
};

/* Written out, so that the sums go from register to register. */
static inline void store_block(const block_plan *plan, const fp_lanes *lanes, int8_t *out) {
    const fp_requant_short requant = plan->requant;
    out[0] = fp_lane_requantize(&requant, lanes->twice[0]);
    out[1] = fp_lane_requantize(&requant, lanes->twice[1]);
    out[2] = fp_lane_requantize(&requant, lanes->twice[2]);
    out[3] = fp_lane_requantize(&requant, lanes->twice[3]);
    out[4] = fp_lane_requantize(&requant, lanes->twice[4]);
    out[5] = fp_lane_requantize(&requant, lanes->twice[5]);
    out[6] = fp_lane_requantize(&requant, lanes->twice[6]);
    out[7] = fp_lane_requantize(&requant, lanes->twice[7]);
}

static void compute_stride1(const block_plan *plan, const int8_t *window, int8_t *out) {
    const fp_lanes lanes = fp_lanes_stride1(plan->taps, window, plan->twice_bias);
    store_block(plan, &lanes, out);
}

static void compute_stride2(const block_plan *plan, const int8_t *window, int8_t *out) {
    const fp_lanes lanes = fp_lanes_stride2(plan->taps, window, plan->twice_bias);
    store_block(plan, &lanes, out);
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

static uint32_t blocks_in(uint32_t count) {
    return (count + FP_LANES - 1u) / FP_LANES;
}

/* Move rows apart that were computed behind one another, `pitch` bytes from one to the next; the last row first, as
 * they only move towards the end. */
static void spread_rows(const fp_plane *plane, int8_t *out, uint32_t pitch) {
    if (plane->row_pitch == pitch) {
        return;
    }
    for (uint32_t y = plane->height - 1u; y > 0; y--) {
        memmove(out + y * plane->row_pitch, out + y * pitch, plane->width);
    }
}

/* With stride 1 the windows of a whole channel follow one another, in the input's row pitch: one run, if outputs in
 * that pitch have room, and rows are moved to their places afterwards. What is computed for the halo between two rows
 * is rubbish that the driver overwrites. Rows one by one are fewer blocks where they are full.
 */
static void compute_channel(const fp_conv *conv, const block_plan *plan, const int8_t *window, int8_t *out) {
    const uint32_t width = conv->out.width;
    const uint32_t height = conv->out.height;
    const uint32_t pitch = conv->in.row_pitch;
    const uint32_t flat = (height - 1u) * pitch + width;
    const int one_run = conv->stride_height == 1 && conv->stride_width == 1 && pitch >= width &&
                        pitch <= conv->out.row_pitch &&
                        blocks_in(flat) + (pitch != conv->out.row_pitch) <= height * blocks_in(width);
    if (one_run) {
        compute_run(plan, window, out, flat);
        spread_rows(&conv->out, out, pitch);
        return;
    }
    for (uint32_t y = 0; y < height; y++) {
        compute_run(plan, window, out, width);
        window += (uint32_t)conv->stride_height * conv->in.row_pitch;
        out += conv->out.row_pitch;
    }
}

/* Saturation has clamped to int8; most layers need no more. */
static void clamp_channel(const fp_conv *conv, int8_t *out) {
    if (conv->activation_min == INT8_MIN && conv->activation_max == INT8_MAX) {
        return;
    }
    for (uint32_t y = 0; y < conv->out.height; y++) {
        for (uint32_t x = 0; x < conv->out.width; x++) {
            out[x] = fp_clamp(out[x], conv->activation_min, conv->activation_max);
        }
        out += conv->out.row_pitch;
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
    compute_channel(conv, &plan, window, out);
    clamp_channel(conv, out);
}
