#include <string.h>

#include "fp_conv_kernel.h"
#include "fp_conv_runs.h"
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
static void compute_run(const void *block_of, const int8_t *window, int8_t *out, uint32_t count) {
    const block_plan *const plan = block_of;
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
    const fp_conv_runner runner = {compute_run, &plan, FP_LANES, 0};
    fp_conv_run_channel(conv, &runner, window, out);
}
