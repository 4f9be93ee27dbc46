/* Convolutions with few zeros among their weights: four output positions at a time, all output channels of a group.
 *
 * What the windows of four positions cover is copied once into 16-bit values (fp_quad.h), and every output channel's
 * row of weights, read straight from flash, is multiplied with them. No list of taps is made.
 */
#include <string.h>

#include "fp_conv_kernel.h"
#include "fp_conv_places.h"
#include "fp_quad.h"

/* Scratch begins with the offsets of the taps of so many input channels; more channels are as many steps of them. */
#define CHUNK 4u
#define GROUP_HALVES (FP_QUAD * FP_QUAD)

typedef struct quad_plan {
    const fp_conv *conv;
    uint32_t *offsets; /* [chunk * area] */
    int16_t *values;
    uint32_t area;
    uint32_t channels; /* input channels a group */
    uint32_t filters;  /* output channels a group */
    uint32_t taps;     /* channels * area */
    uint32_t lead;     /* taps in the first word, 1..4 */
    int clamps;        /* to less than int8 */
} quad_plan;

static uint32_t smaller(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

/* Small kernels are not worth it, and a single position fills one lane of four. */
int fp_conv_is_quad(const fp_conv *conv) {
    if (conv->groups == 0) {
        return 0;
    }
    const uint32_t taps = conv->in.channels / (uint32_t)conv->groups * conv->kernel_height * conv->kernel_width;
    return conv->encoding == FP_ENCODING_DENSE && taps >= FP_QUAD && conv->out.height * conv->out.width > 1 &&
           conv->out.channels / conv->groups >= FP_QUAD;
}

int fp_conv_quad_fits(const fp_conv *conv) {
    const uint32_t taps = conv->in.channels / (uint32_t)conv->groups * conv->kernel_height * conv->kernel_width;
    for (uint32_t c = 0; c < conv->out.channels; c++) {
        const fp_conv_channel channel = fp_conv_channel_of(conv, c, NULL);
        if (!fp_conv_fits_short(&channel, taps)) {
            return 0;
        }
    }
    return 1;
}

uint32_t fp_conv_quad_scratch_bytes(const fp_conv *conv) {
    const uint32_t area = (uint32_t)conv->kernel_height * conv->kernel_width;
    const uint32_t channels = conv->in.channels / (uint32_t)conv->groups;
    const uint32_t groups = (channels * area + FP_QUAD - 1u) / FP_QUAD;
    return (uint32_t)sizeof(uint32_t) * smaller(channels, CHUNK) * area +
           (uint32_t)sizeof(int16_t) * GROUP_HALVES * groups;
}

static void fill_offsets(const quad_plan *plan) {
    const fp_conv *const conv = plan->conv;
    uint32_t *offset = plan->offsets;
    for (uint32_t c = 0; c < smaller(plan->channels, CHUNK); c++) {
        for (uint32_t ky = 0; ky < conv->kernel_height; ky++) {
            const uint32_t row = c * conv->in.channel_pitch + ky * conv->dilation_height * conv->in.row_pitch;
            for (uint32_t kx = 0; kx < conv->kernel_width; kx++) {
                *offset++ = row + kx * conv->dilation_width;
            }
        }
    }
}

static quad_plan plan_quad(const fp_conv *conv, uint32_t *scratch) {
    quad_plan plan;
    plan.conv = conv;
    plan.area = (uint32_t)conv->kernel_height * conv->kernel_width;
    plan.channels = conv->in.channels / (uint32_t)conv->groups;
    plan.filters = conv->out.channels / (uint32_t)conv->groups;
    plan.taps = plan.channels * plan.area;
    plan.lead = (plan.taps - 1u) % FP_QUAD + 1u;
    plan.clamps = conv->activation_min != INT8_MIN || conv->activation_max != INT8_MAX;
    plan.offsets = scratch;
    plan.values = (int16_t *)(void *)(scratch + smaller(plan.channels, CHUNK) * plan.area);
    return plan;
}

static inline void copy_tap(const fp_places *at, uint32_t offset, int16_t *values) {
    values[0] = at->window[0][offset];
    values[FP_QUAD_STEP] = at->window[1][offset];
    values[2u * FP_QUAD_STEP] = at->window[2][offset];
    values[3u * FP_QUAD_STEP] = at->window[3][offset];
}

/* Four taps a turn. */
static int16_t *copy_groups(const fp_places *at, const uint32_t *offset, const uint32_t *end, int16_t *values) {
    const fp_places places = *at;
    for (; offset != end; offset += FP_QUAD) {
        copy_tap(&places, offset[0], values + FP_QUAD_TAP(0u));
        copy_tap(&places, offset[1], values + FP_QUAD_TAP(1u));
        copy_tap(&places, offset[2], values + FP_QUAD_TAP(2u));
        copy_tap(&places, offset[3], values + FP_QUAD_TAP(3u));
        values += GROUP_HALVES;
    }
    return values;
}

/* All that the windows cover. What is left over of input channels by whole chunks, or else the first chunk, comes first
 * and with it the group that is not full; its other values stay 0. */
static void copy_windows(const quad_plan *plan, const fp_places *at) {
    fp_places places = *at;
    const uint32_t first = (plan->channels - 1u) % CHUNK + 1u;
    int16_t *values = plan->values;
    for (uint32_t tap = 0; tap < plan->lead; tap++) {
        copy_tap(&places, plan->offsets[tap], values + FP_QUAD_TAP(tap));
    }
    values =
        copy_groups(&places, plan->offsets + plan->lead, plan->offsets + first * plan->area, values + GROUP_HALVES);
    for (uint32_t c = first, step = first; c < plan->channels; c += CHUNK, step = CHUNK) {
        for (uint32_t i = 0; i < FP_QUAD; i++) {
            places.window[i] += (size_t)step * plan->conv->in.channel_pitch;
        }
        values = copy_groups(&places, plan->offsets, plan->offsets + CHUNK * plan->area, values);
    }
}

/* What one channel's row of weights and its output are to the loops below. */
typedef struct quad_rows {
    const uint8_t *row;
    const uint8_t *stop; /* behind the group's last row */
    uint32_t channel;    /* of the first row */
    int8_t *out;         /* element (0, 0) of its output channel */
} quad_rows;

/* Four positions of all output channels of a group. */
static void compute_rows(const quad_plan *plan, const fp_places *at, quad_rows rows) {
    const fp_conv *const conv = plan->conv;
    const uint32_t *const place = at->out;
    const uint32_t scale_step = conv->per_channel, taps = plan->taps, lead = plan->lead,
                   pitch = conv->out.channel_pitch;
    const int16_t *const values = plan->values;
    const int32_t *bias = conv->bias + rows.channel;
    const int32_t *multiplier = conv->multiplier + scale_step * rows.channel;
    const int8_t *shift = conv->shift + scale_step * rows.channel;
    const int8_t zero_point = conv->out.zero_point;
    do {
        const uint8_t *const end = rows.row + taps;
        const fp_quad sums = fp_quad_dot(rows.row, lead, end, values, *bias++);
        const fp_requant_short requant = fp_requant_short_make(*multiplier, *shift, zero_point);
        rows.out[place[0]] = fp_quad_requantize(&requant, sums.sum[0]);
        rows.out[place[1]] = fp_quad_requantize(&requant, sums.sum[1]);
        rows.out[place[2]] = fp_quad_requantize(&requant, sums.sum[2]);
        rows.out[place[3]] = fp_quad_requantize(&requant, sums.sum[3]);
        if (plan->clamps) {
            fp_places_clamp(conv, at, rows.out);
        }
        multiplier += scale_step;
        shift += scale_step;
        rows.out += pitch;
        rows.row = end;
    } while (rows.row != rows.stop);
}

static quad_rows rows_of(const quad_plan *plan, uint32_t group, int8_t *out) {
    const size_t row_bytes = (size_t)plan->filters * plan->taps;
    quad_rows rows;
    rows.row = plan->conv->weights + group * row_bytes;
    rows.stop = rows.row + row_bytes;
    rows.channel = group * plan->filters;
    rows.out = out + (size_t)rows.channel * plan->conv->out.channel_pitch;
    return rows;
}

fp_status fp_conv_run_quad(const fp_conv *conv, const int8_t *window, int8_t *out, uint32_t *scratch) {
    const quad_plan plan = plan_quad(conv, scratch);
    if (conv->weight_bytes != (uint64_t)conv->out.channels * plan.taps) {
        return FP_ERR_ENCODING;
    }
    fill_offsets(&plan);
    memset(plan.values, 0, GROUP_HALVES * sizeof(int16_t));
    const uint32_t positions = (uint32_t)conv->out.height * conv->out.width;
    for (uint32_t group = 0; group < conv->groups; group++) {
        fp_places_cursor cursor = {0};
        while (cursor.position < positions) {
            const fp_places at = fp_places_next(conv, window, &cursor);
            copy_windows(&plan, &at);
            compute_rows(&plan, &at, rows_of(&plan, group, out));
        }
        window += (size_t)plan.channels * conv->in.channel_pitch;
    }
    return FP_OK;
}
