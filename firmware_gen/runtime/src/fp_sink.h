/* Where decoded weights go: into a list of taps, or times the input into a sum. */
#ifndef FP_SINK_H
#define FP_SINK_H

#include <stddef.h>
#include <stdint.h>

#include "fp_taps.h"

/* What a tap is made from: FP_TAP values of the kernel's positions and of the step from a channel to the next. */
typedef struct fp_tap_maker {
    const fp_tap *position;
    uint32_t kernel_area;
    fp_tap channel_step;
} fp_tap_maker;

static inline fp_tap fp_tap_make(const fp_tap_maker *maker, uint32_t index, uint8_t weight) {
    const uint32_t channel = index / maker->kernel_area;
    const fp_tap place = maker->position[index - channel * maker->kernel_area];
    return (channel * maker->channel_step + place) | FP_TAP(0, weight);
}

static inline fp_tap_maker fp_tap_maker_of(const fp_tap_geometry *geometry) {
    const fp_tap_maker maker = {geometry->position, geometry->kernel_area, FP_TAP(geometry->channel_pitch, 0)};
    return maker;
}

/* Decoders that are compiled once for each kind of sink know at compile time whether `in` is NULL. */
typedef struct fp_sink {
    const int8_t *in; /* NULL: make taps */
    fp_tap_maker maker;
    fp_tap *tap; /* where the next one goes */
    uint32_t sum;
} fp_sink;

static inline void fp_sink_put(fp_sink *sink, uint32_t index, uint8_t weight) {
    if (sink->in != NULL) {
        sink->sum += (uint32_t)((int8_t)weight * sink->in[index]);
    } else {
        *sink->tap++ = fp_tap_make(&sink->maker, index, weight);
    }
}

#endif
