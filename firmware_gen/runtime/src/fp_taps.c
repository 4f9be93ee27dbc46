#include "fp_taps.h"

#include "fp_gap8.h"

/* Expands a row into at most `capacity` taps from *end on, and moves *end behind the last one. */
typedef fp_status expander(fp_weight_stream *stream, const fp_tap_geometry *geometry, fp_tap **end, uint32_t capacity);

static inline fp_tap_maker tap_maker_of(const fp_tap_geometry *geometry) {
    const fp_tap_maker maker = {geometry->position, geometry->kernel_area, FP_TAP(geometry->channel_pitch, 0)};
    return maker;
}

static fp_status expand_dense(fp_weight_stream *stream, const fp_tap_geometry *geometry, fp_tap **end,
                              uint32_t capacity) {
    const fp_tap_maker maker = tap_maker_of(geometry);
    const uint32_t weights = geometry->weights_per_channel;
    const uint8_t *row = stream->next;
    if ((size_t)(stream->end - row) < weights) {
        return FP_ERR_ENCODING;
    }
    fp_tap *next = *end;
    const fp_tap *const limit = next + capacity;
    for (uint32_t index = 0; index < weights; index++) {
        if (row[index] != 0) {
            if (next == limit) {
                return FP_ERR_CAPACITY;
            }
            *next++ = fp_tap_make(&maker, index, row[index]);
        }
    }
    *end = next;
    stream->next = row + weights;
    return FP_OK;
}

static fp_status expand_gap8(fp_weight_stream *stream, const fp_tap_geometry *geometry, fp_tap **end,
                             uint32_t capacity) {
    const fp_tap_maker maker = tap_maker_of(geometry);
    const uint32_t weights = geometry->weights_per_channel;
    fp_gap8_row row;
    fp_status status = fp_gap8_open(stream, capacity, &row);
    if (status != FP_OK) {
        return status;
    }
    fp_tap *tap = *end;
    for (;;) {
        tap = fp_gap8_expand_pairs(&row, &maker, tap);
        if (row.index > weights) {
            return FP_ERR_ENCODING;
        }
        if (row.next == row.row_end) {
            break;
        }
        uint8_t weight;
        status = fp_gap8_step(&row, weights, &weight);
        if (status != FP_OK) {
            return status;
        }
        *tap++ = fp_tap_make(&maker, row.index - 1u, weight);
    }
    *end = tap;
    stream->next = row.next;
    return FP_OK;
}

fp_status fp_taps_expand(uint8_t encoding, fp_weight_stream *stream, const fp_tap_geometry *geometry, fp_tap *taps,
                         uint32_t capacity) {
    static expander *const expanders[] = {expand_dense, expand_gap8}; /* in the order of enum fp_encoding */

    fp_tap *end = taps;
    fp_status status = FP_ERR_ENCODING;
    if (encoding < sizeof expanders / sizeof expanders[0]) {
        status = expanders[encoding](stream, geometry, &end, capacity);
    }
    *end = FP_TAP_END;
    return status;
}
