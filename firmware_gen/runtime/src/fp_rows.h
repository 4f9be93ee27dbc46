/* How kernels that work element by element walk planes of one shape: rows, or where no plane has a halo one long row.
 */
#ifndef FP_ROWS_H
#define FP_ROWS_H

#include <stdint.h>

#include "fp_plane.h"

typedef struct fp_rows {
    uint32_t channels;
    uint32_t rows;   /* a channel */
    uint32_t length; /* elements a row */
} fp_rows;

static inline int fp_plane_is_dense(const fp_plane *plane) {
    return plane->bytes == (uint32_t)plane->channels * plane->height * plane->width;
}

static inline int fp_plane_same_shape(const fp_plane *one, const fp_plane *other) {
    return one->channels == other->channels && one->height == other->height && one->width == other->width;
}

/* Whether elements of both lie equally far apart. */
static inline int fp_plane_same_pitches(const fp_plane *one, const fp_plane *other) {
    return one->row_pitch == other->row_pitch && one->channel_pitch == other->channel_pitch;
}

static inline fp_rows fp_rows_of(const fp_plane *plane, int all_dense) {
    fp_rows rows = {plane->channels, plane->height, plane->width};
    if (all_dense) {
        rows.channels = rows.rows = 1;
        rows.length = plane->bytes;
    }
    return rows;
}

/* Bytes from a tensor's start to row `row` of channel `channel`. */
static inline uint32_t fp_row_offset(const fp_plane *plane, uint32_t channel, uint32_t row) {
    return plane->origin + channel * plane->channel_pitch + row * plane->row_pitch;
}

#endif
