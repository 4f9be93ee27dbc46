/* Groups of four output positions, row by row, for kernels that compute all channels of one group before the next. */
#ifndef FP_CONV_PLACES_H
#define FP_CONV_PLACES_H

#include <stdint.h>

#include "fp_conv.h"
#include "fp_requant.h"

#define FP_PLACES 4u

/* Four neighbouring positions, of which the last ones may be equal. */
typedef struct fp_places {
    const int8_t *window[FP_PLACES];
    uint32_t out[FP_PLACES]; /* bytes from the output channel's first element */
} fp_places;

/* Where the next group starts; begins as zeros. */
typedef struct fp_places_cursor {
    uint32_t position; /* all are taken when it reaches out.height * out.width */
    uint32_t y;
    uint32_t x;
} fp_places_cursor;

static inline fp_places fp_places_next(const fp_conv *conv, const int8_t *window, fp_places_cursor *at) {
    const uint32_t positions = (uint32_t)conv->out.height * conv->out.width;
    fp_places places;
    for (uint32_t i = 0; i < FP_PLACES; i++) {
        places.window[i] = window + at->y * conv->stride_height * conv->in.row_pitch + at->x * conv->stride_width;
        places.out[i] = at->y * conv->out.row_pitch + at->x;
        if (at->position + i + 1u < positions && ++at->x == conv->out.width) {
            at->x = 0;
            at->y++;
        }
    }
    at->position += FP_PLACES;
    return places;
}

/* For layers whose activation is narrower than int8: what a kernel has saturated, clamped. */
static inline void fp_places_clamp(const fp_conv *conv, const fp_places *places, int8_t *out) {
    for (uint32_t i = 0; i < FP_PLACES; i++) {
        out[places->out[i]] = fp_clamp(out[places->out[i]], conv->activation_min, conv->activation_max);
    }
}

#endif
