#include "fp_taps.h"

#include "fp_conv.h"
#include "fp_entropy.h"
#include "fp_gap4.h"
#include "fp_gap8.h"

/* Expands a row into at most `capacity` taps from *end on, and moves *end behind the last one. */
typedef fp_status expander(fp_weight_reader *reader, const fp_tap_geometry *geometry, fp_tap **end, uint32_t capacity);

static fp_status expand_dense(fp_weight_reader *reader, const fp_tap_geometry *geometry, fp_tap **end,
                              uint32_t capacity) {
    fp_weight_stream *const stream = &reader->at.stream;
    const fp_tap_maker maker = fp_tap_maker_of(geometry);
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

static fp_status expand_gap8(fp_weight_reader *reader, const fp_tap_geometry *geometry, fp_tap **end,
                             uint32_t capacity) {
    fp_weight_stream *const stream = &reader->at.stream;
    const fp_tap_maker maker = fp_tap_maker_of(geometry);
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

#if FP_WITH_GAP4
static fp_status expand_gap4(fp_weight_reader *reader, const fp_tap_geometry *geometry, fp_tap **end,
                             uint32_t capacity) {
    fp_sink sink = {.maker = fp_tap_maker_of(geometry), .tap = *end};
    const fp_status status = fp_gap4_row(&reader->at.gap4, geometry->weights_per_channel, capacity, &sink);
    *end = sink.tap;
    return status;
}
#else
#define expand_gap4 NULL
#endif

#if FP_WITH_ENTROPY
static fp_status expand_entropy(fp_weight_reader *reader, const fp_tap_geometry *geometry, fp_tap **end,
                                uint32_t capacity) {
    fp_sink sink = {.maker = fp_tap_maker_of(geometry), .tap = *end};
    const fp_status status = fp_entropy_row(&reader->at.entropy, geometry->weights_per_channel, capacity, &sink);
    *end = sink.tap;
    return status;
}
#else
#define expand_entropy NULL
#endif

static expander *const expanders[] = {expand_dense, expand_gap8, expand_gap4, expand_entropy}; /* by enum fp_encoding */

uint32_t fp_reader_table_bytes(uint8_t encoding) {
    return encoding == FP_ENCODING_ENTROPY ? 2u * (uint32_t)sizeof(fp_code) : 0;
}

fp_status fp_reader_open(fp_weight_reader *reader, uint8_t encoding, const uint8_t *data, uint32_t bytes,
                         void *tables) {
    const fp_weight_stream stream = {data, data + bytes};
    reader->encoding = encoding;
    reader->at.stream = stream;
    (void)tables;
    if (encoding >= sizeof expanders / sizeof expanders[0] || expanders[encoding] == NULL) {
        return FP_ERR_ENCODING;
    }
#if FP_WITH_GAP4
    if (encoding == FP_ENCODING_GAP4) {
        return fp_gap4_open(&reader->at.gap4, stream);
    }
#endif
#if FP_WITH_ENTROPY
    if (encoding == FP_ENCODING_ENTROPY) {
        return fp_entropy_open(&reader->at.entropy, data, bytes, tables);
    }
#endif
    return FP_OK;
}

fp_status fp_reader_close(const fp_weight_reader *reader) {
    int closed = 0;
#if FP_WITH_GAP4
    if (reader->encoding == FP_ENCODING_GAP4) {
        closed = fp_gap4_is_closed(&reader->at.gap4);
    }
#endif
#if FP_WITH_ENTROPY
    if (reader->encoding == FP_ENCODING_ENTROPY) {
        closed = fp_entropy_is_closed(&reader->at.entropy);
    }
#endif
    if (reader->encoding <= FP_ENCODING_GAP8) {
        closed = reader->at.stream.next == reader->at.stream.end;
    }
    return closed ? FP_OK : FP_ERR_ENCODING;
}

fp_status fp_taps_expand_to(fp_weight_reader *reader, const fp_tap_geometry *geometry, fp_tap **end,
                            uint32_t capacity) {
    const fp_status status = expanders[reader->encoding](reader, geometry, end, capacity);
    **end = FP_TAP_END;
    return status;
}

fp_status fp_taps_expand(fp_weight_reader *reader, const fp_tap_geometry *geometry, fp_tap *taps, uint32_t capacity) {
    fp_tap *end = taps;
    return fp_taps_expand_to(reader, geometry, &end, capacity);
}
