/* Convolutions with few zeros among their weights, by vectors: as fp_conv_quad.c computes them, four positions at a
 * time, but on bytes and 16 taps at once.
 */
#include <stddef.h>

#include "fp_conv_kernel.h"
#include "fp_conv_places.h"
#include "fp_mve_tile.h"

/* Scratch begins with 16-bit offsets of the taps of so many input channels, a multiple of eight taps; more channels are
 * as many steps of them. */
#define CHUNK 8u
/* With so few taps the columns of 16 would not fit the scratch that the planner gives. */
#define FEW_TAPS 4u

typedef struct tile_plan {
    const fp_conv *conv;
    const uint16_t *offsets;
    int8_t *columns;
    uint32_t area;
    uint32_t channels; /* input channels a group */
    uint32_t filters;  /* output channels a group */
    uint32_t taps;     /* channels * area */
    int clamps;        /* to less than int8 */
} tile_plan;

static uint32_t smaller(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

int fp_conv_is_tiled(const fp_conv *conv) {
    if (!fp_conv_is_quad(conv)) {
        return 0;
    }
    const uint32_t channels = conv->in.channels / (uint32_t)conv->groups;
    const uint32_t down = (uint32_t)(conv->kernel_height - 1u) * conv->dilation_height * conv->in.row_pitch;
    const uint32_t along = (uint32_t)(conv->kernel_width - 1u) * conv->dilation_width;
    const uint32_t last = (smaller(channels, CHUNK) - 1u) * conv->in.channel_pitch + down + along;
    return channels * conv->kernel_height * conv->kernel_width > FEW_TAPS && last <= UINT16_MAX;
}

static void fill_offsets(const tile_plan *plan, uint16_t *offset) {
    const fp_conv *const conv = plan->conv;
    for (uint32_t c = 0; c < smaller(plan->channels, CHUNK); c++) {
        for (uint32_t ky = 0; ky < conv->kernel_height; ky++) {
            const uint32_t row = c * conv->in.channel_pitch + ky * conv->dilation_height * conv->in.row_pitch;
            for (uint32_t kx = 0; kx < conv->kernel_width; kx++) {
                *offset++ = (uint16_t)(row + kx * conv->dilation_width);
            }
        }
    }
}

/* Columns begin behind the offsets, at the next word. */
static tile_plan plan_tiles(const fp_conv *conv, uint32_t *scratch) {
    tile_plan plan;
    plan.conv = conv;
    plan.area = (uint32_t)conv->kernel_height * conv->kernel_width;
    plan.channels = conv->in.channels / (uint32_t)conv->groups;
    plan.filters = conv->out.channels / (uint32_t)conv->groups;
    plan.taps = plan.channels * plan.area;
    plan.clamps = conv->activation_min != INT8_MIN || conv->activation_max != INT8_MAX;
    plan.offsets = (const uint16_t *)(void *)scratch;
    plan.columns = (int8_t *)(scratch + (smaller(plan.channels, CHUNK) * plan.area + 1u) / 2u);
    fill_offsets(&plan, (uint16_t *)(void *)scratch);
    return plan;
}

/* All that the windows cover. */
static void copy_windows(const tile_plan *plan, const fp_places *at) {
    fp_places places = *at;
    for (uint32_t c = 0; c < plan->channels; c += CHUNK) {
        const uint32_t count = smaller(plan->channels - c, CHUNK) * plan->area;
        fp_mve_copy_columns(&places, plan->offsets, count, plan->columns, c * plan->area);
        for (uint32_t i = 0; i < FP_PLACES; i++) {
            places.window[i] += (size_t)CHUNK * plan->conv->in.channel_pitch;
        }
    }
}

/* What all groups of positions have in common; places come later. */
static fp_mve_tile tile_of(const tile_plan *plan, uint32_t group) {
    const fp_conv *const conv = plan->conv;
    const uint32_t first = group * plan->filters, scale = conv->per_channel ? first : 0;
    const uint8_t *const row = conv->weights + (size_t)first * plan->taps;
    const fp_mve_tile tile = {
        .columns = plan->columns,
        .row = row,
        .stop = row + (size_t)plan->filters * plan->taps,
        .taps = plan->taps,
        .bias = conv->bias + first,
        .multiplier = conv->multiplier + scale,
        .shift = conv->shift + scale,
        .scale_step = conv->per_channel,
        .twice_zero_one = 2 * conv->out.zero_point + 1,
        .pitch = conv->out.channel_pitch,
        .to_next_row = plan->taps - (plan->taps + 15u) / 16u * 16u,
        .places = NULL,
    };
    return tile;
}

static void clamp_channels(const tile_plan *plan, const fp_places *at, int8_t *out) {
    for (uint32_t c = 0; c < plan->filters; c++) {
        fp_places_clamp(plan->conv, at, out);
        out += plan->conv->out.channel_pitch;
    }
}

fp_status fp_conv_run_tiles(const fp_conv *conv, const int8_t *window, int8_t *out, uint32_t *scratch) {
    const tile_plan plan = plan_tiles(conv, scratch);
    if (conv->weight_bytes != (uint64_t)conv->out.channels * plan.taps) {
        return FP_ERR_ENCODING;
    }
    const uint32_t positions = (uint32_t)conv->out.height * conv->out.width;
    for (uint32_t group = 0; group < conv->groups; group++) {
        fp_mve_tile tile = tile_of(&plan, group);
        fp_places_cursor cursor = {0};
        while (cursor.position < positions) {
            const fp_places at = fp_places_next(conv, window, &cursor);
            copy_windows(&plan, &at);
            tile.places = at.out;
            fp_mve_tile_rows(&tile, out);
            if (plan.clamps) {
                clamp_channels(&plan, &at, out);
            }
        }
        window += (size_t)plan.channels * conv->in.channel_pitch;
        out += (size_t)plan.filters * conv->out.channel_pitch;
    }
    return FP_OK;
}
