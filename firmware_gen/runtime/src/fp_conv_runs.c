#include "fp_conv_runs.h"

#include <string.h>

#include "fp_mve_move.h"
#include "fp_requant.h"

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

/* Move rows together that were computed `pitch` bytes apart, the first one first. */
static void close_rows(const fp_plane *plane, int8_t *out, uint32_t pitch) {
    const uint32_t width = plane->width;
    for (uint32_t y = 1; y < plane->height; y++) {
        fp_mve_move(out + y * plane->row_pitch, out + y * pitch, width);
    }
}

static uint32_t blocks_in(uint32_t count, uint32_t lanes) {
    return (count + lanes - 1u) / lanes;
}

/* About what moving rows costs, in blocks. */
static uint32_t moves_of(const fp_plane *plane, uint32_t pitch) {
    if (plane->row_pitch == pitch) {
        return 0;
    }
    return plane->row_pitch > pitch ? 1u : plane->height / 4u;
}

/* With stride 1 the windows of a whole channel follow one another, in the input's row pitch: one run, if outputs in
 * that pitch have room, and rows are moved to their places afterwards. What is computed for the halo between two rows
 * is rubbish that the driver, or the next channel, overwrites. Rows one by one are fewer blocks where they are full.
 */
static void compute_channel(const fp_conv *conv, const fp_conv_runner *runner, const int8_t *window, int8_t *out) {
    const uint32_t width = conv->out.width;
    const uint32_t height = conv->out.height;
    const uint32_t pitch = conv->in.row_pitch;
    const uint32_t flat = (height - 1u) * pitch + width;
    const uint32_t lanes = runner->lanes;
    const int has_room = pitch <= conv->out.row_pitch || flat <= runner->room;
    const int one_run = conv->stride_height == 1 && conv->stride_width == 1 && pitch >= width && has_room &&
                        blocks_in(flat, lanes) + moves_of(&conv->out, pitch) <= height * blocks_in(width, lanes);
    const fp_conv_rows whole = {flat, 1u, pitch, pitch};
    const fp_conv_rows rows = {width, height, (uint32_t)conv->stride_height * pitch, conv->out.row_pitch};
    runner->run(runner->plan, window, out, one_run ? &whole : &rows);
    if (one_run) {
        (pitch <= conv->out.row_pitch ? spread_rows : close_rows)(&conv->out, out, pitch);
    }
}

/* Most layers need none of it. */
void fp_conv_clamp_channel(const fp_conv *conv, int8_t *out) {
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

void fp_conv_run_channel(const fp_conv *conv, const fp_conv_runner *runner, const int8_t *window, int8_t *out) {
    compute_channel(conv, runner, window, out);
    fp_conv_clamp_channel(conv, out);
}
