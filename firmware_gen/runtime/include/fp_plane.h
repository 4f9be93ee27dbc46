/* Planar int8 tensors: how a (channel, row, column) element is found in memory.
 *
 * Element (c, y, x) lies at data[origin + c * channel_pitch + y * row_pitch + x].
 *
 * A tensor that is read with padding carries a halo of its zero point, so that kernels need no border
 * case. Neighbouring rows share one side halo and neighbouring channels share one row halo:
 *
 *        origin
 *          v
 *     h h h h h h      row_pitch     = width  + max(pad_left, pad_right)
 *     h 0 1 2 h        channel_pitch = (height + max(pad_top, pad_bottom)) * row_pitch
 *       3 4 5 h        the h right of a row is also the h left of the next one;
 *       6 7 8 h        the h row below a channel is also the h row above the next one
 *       h h h h ...
 *
 * Without a halo: row_pitch = width, channel_pitch = height * width, origin = 0.
 */
#ifndef FP_PLANE_H
#define FP_PLANE_H

#include <stdint.h>

#include "fp_status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes a kernel may read (never write) past the end of a tensor; the planner adds them once, behind the
 * arena's last tensor. */
#define FP_ARENA_SLACK 16

typedef struct fp_plane {
    uint16_t channels;
    uint16_t height;
    uint16_t width;
    uint16_t row_pitch;     /* bytes from a row to the next, >= width */
    uint32_t channel_pitch; /* bytes from a channel to the next, >= height * row_pitch without halo */
    uint32_t origin;        /* bytes from the tensor's start to element (0, 0, 0) */
    uint32_t bytes;         /* the whole tensor, halo included */
    int8_t zero_point;      /* the value of every halo byte */
} fp_plane;

/* FP_ERR_ARGUMENT unless the plane has elements, they lie inside `bytes` and no two of them coincide. */
fp_status fp_plane_check(const fp_plane *plane);

/* Set every byte of the tensor that is not an element (the halo) to the zero point. `plane` passes fp_plane_check. */
void fp_plane_fill_halo(const fp_plane *plane, int8_t *data);

/* Copy a dense NHWC tensor (batch 1) into a planar one and fill its halo. `nhwc` and `data` do not overlap,
 * except that they may be equal where channels == 1 or height * width == 1, and there is no halo. */
fp_status fp_plane_from_nhwc(const fp_plane *plane, const int8_t *nhwc, int8_t *data);

/* The inverse of fp_plane_from_nhwc: elements only. */
fp_status fp_plane_to_nhwc(const fp_plane *plane, const int8_t *data, int8_t *nhwc);

#ifdef __cplusplus
}
#endif
#endif
