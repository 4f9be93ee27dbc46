#include "fp_taps.h"

/* A 32-bit LEB128 has at most this many bytes. */
#define LEB128_BYTES_MAX 5u
#define GAP_ESCAPE 255u

/* Expands a row into at most `capacity` taps from *end on, and moves *end behind the last one. */
typedef fp_status expander(fp_weight_stream *stream, const fp_tap_geometry *geometry, fp_tap **end, uint32_t capacity);

static inline fp_tap tap_at(const fp_tap_geometry *geometry, uint32_t index, uint8_t weight) {
    const uint32_t channel = index / geometry->kernel_area;
    const uint32_t position = index - channel * geometry->kernel_area;
    return FP_TAP(channel * geometry->channel_pitch + geometry->position_offset[position], weight);
}

static fp_status expand_dense(fp_weight_stream *stream, const fp_tap_geometry *geometry, fp_tap **end,
                              uint32_t capacity) {
    const fp_tap_geometry local = *geometry; /* in registers: storing a tap cannot change it */
    const uint8_t *row = stream->next;
    if ((size_t)(stream->end - row) < local.weights_per_channel) {
        return FP_ERR_ENCODING;
    }
    fp_tap *next = *end;
    const fp_tap *const limit = next + capacity;
    for (uint32_t index = 0; index < local.weights_per_channel; index++) {
        if (row[index] != 0) {
            if (next == limit) {
                return FP_ERR_CAPACITY;
            }
            *next++ = tap_at(&local, index, row[index]);
        }
    }
    *end = next;
    stream->next = row + local.weights_per_channel;
    return FP_OK;
}

static fp_status read_leb128(fp_weight_stream *stream, uint32_t *value) {
    uint32_t result = 0;
    for (uint32_t i = 0; i < LEB128_BYTES_MAX && stream->next < stream->end; i++) {
        const uint32_t byte = *stream->next++;
        const uint32_t shifted = (byte & 0x7Fu) << (7u * i);
        if (shifted >> (7u * i) != (byte & 0x7Fu)) {
            return FP_ERR_ENCODING;
        }
        result |= shifted;
        if (byte < 0x80u) {
            *value = result;
            return FP_OK;
        }
    }
    return FP_ERR_ENCODING;
}

/* The index grows by at most 255 before it is compared with the limit, so it cannot wrap. */
static fp_status expand_gap8(fp_weight_stream *stream, const fp_tap_geometry *geometry, fp_tap **end,
                             uint32_t capacity) {
    const fp_tap_geometry local = *geometry; /* in registers: storing a tap cannot change it */
    uint32_t kept = 0;
    const fp_status status = read_leb128(stream, &kept);
    if (status != FP_OK || kept > capacity) {
        return status != FP_OK ? status : FP_ERR_CAPACITY;
    }
    const uint8_t *next = stream->next;
    const uint8_t *const stop = stream->end;
    fp_tap *tap = *end;
    fp_tap *const limit = tap + kept;
    for (uint32_t index = 0; tap != limit;) {
        if (stop - next < 2) {
            return FP_ERR_ENCODING;
        }
        const uint32_t gap = *next++;
        index += gap;
        if (index >= local.weights_per_channel) {
            return FP_ERR_ENCODING;
        }
        if (gap == GAP_ESCAPE) {
            continue;
        }
        const uint8_t weight = *next++;
        if (weight == 0) {
            return FP_ERR_ENCODING;
        }
        *tap++ = tap_at(&local, index++, weight);
    }
    *end = tap;
    stream->next = next;
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
