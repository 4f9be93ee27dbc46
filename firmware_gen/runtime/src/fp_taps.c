#include "fp_taps.h"

/* A 32-bit LEB128 has at most this many bytes. */
#define LEB128_BYTES_MAX 5u
#define GAP_ESCAPE 255u

/* Where taps are written; `limit` is the place kept for FP_TAP_END. */
typedef struct tap_list {
    fp_tap *next;
    const fp_tap *limit;
} tap_list;

static fp_status append_tap(tap_list *list, const fp_tap_geometry *geometry, uint32_t index, uint8_t weight) {
    if (list->next == list->limit) {
        return FP_ERR_CAPACITY;
    }
    const uint32_t channel = index / geometry->kernel_area;
    const uint32_t position = index - channel * geometry->kernel_area;
    *list->next++ = FP_TAP(channel * geometry->channel_pitch + geometry->position_offset[position], weight);
    return FP_OK;
}

static fp_status expand_dense(fp_weight_stream *stream, const fp_tap_geometry *geometry, tap_list *list) {
    const uint32_t weights = geometry->weights_per_channel;
    const uint8_t *row = stream->next;
    if ((size_t)(stream->end - row) < weights) {
        return FP_ERR_ENCODING;
    }
    for (uint32_t index = 0; index < weights; index++) {
        if (row[index] != 0) {
            const fp_status status = append_tap(list, geometry, index, row[index]);
            if (status != FP_OK) {
                return status;
            }
        }
    }
    stream->next = row + weights;
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
static fp_status expand_gap8(fp_weight_stream *stream, const fp_tap_geometry *geometry, tap_list *list) {
    uint32_t kept = 0;
    const fp_status status = read_leb128(stream, &kept);
    if (status != FP_OK) {
        return status;
    }
    const uint32_t weights = geometry->weights_per_channel;
    const uint8_t *next = stream->next;
    uint32_t index = 0;
    while (kept > 0) {
        if (stream->end - next < 2) {
            return FP_ERR_ENCODING;
        }
        const uint32_t gap = *next++;
        index += gap;
        if (index >= weights) {
            return FP_ERR_ENCODING;
        }
        if (gap == GAP_ESCAPE) {
            continue;
        }
        const uint8_t weight = *next++;
        if (weight == 0) {
            return FP_ERR_ENCODING;
        }
        const fp_status appended = append_tap(list, geometry, index, weight);
        if (appended != FP_OK) {
            return appended;
        }
        index++;
        kept--;
    }
    stream->next = next;
    return FP_OK;
}

fp_status fp_taps_expand(uint8_t encoding, fp_weight_stream *stream, const fp_tap_geometry *geometry, fp_tap *taps,
                         uint32_t capacity) {
    typedef fp_status (*expander)(fp_weight_stream *, const fp_tap_geometry *, tap_list *);
    static const expander expanders[] = {expand_dense, expand_gap8}; /* in the order of enum fp_encoding */

    if (encoding >= sizeof expanders / sizeof expanders[0]) {
        return FP_ERR_ENCODING;
    }
    tap_list list = {taps, taps + capacity};
    const fp_status status = expanders[encoding](stream, geometry, &list);
    *list.next = FP_TAP_END;
    return status;
}
