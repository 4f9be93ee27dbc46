/* Reading rows of FP_ENCODING_GAP8 (fp_taps.h has the format), shared by everything that decodes them.
 *
 * Most of a row is (gap, weight) pairs without an escape, so readers take two of them as one word with
 * fp_gap8_..._pairs while that works, and one weight with fp_gap8_step where it does not. The row's end is known as far
 * as the escapes read so far tell, and lies within the stream: only an escape, which moves it, needs a look at the
 * stream's end.
 */
#ifndef FP_GAP8_H
#define FP_GAP8_H

#include <stddef.h>
#include <stdint.h>

#include "fp_sink.h"
#include "fp_taps.h"

#define FP_GAP8_ESCAPE 255u

/* The fifth byte of a LEB128 has the last four of 32 bits, and none follows. */
#define FP_LEB128_LAST_SHIFT 28u
#define FP_LEB128_LAST_BYTE_MAX 0x0Fu

typedef struct fp_gap8_row {
    const uint8_t *next;
    const uint8_t *row_end;    /* next + two bytes for each weight left; moves when an escape is read */
    const uint8_t *stream_end; /* >= row_end */
    uint32_t index;            /* where the next gap starts: one past the last kept weight */
} fp_gap8_row;

/* Errors: FP_ERR_ENCODING when it does not end or is 2^32 or more. */
static inline fp_status fp_leb128_read(fp_weight_stream *stream, uint32_t *value) {
    uint32_t result = 0;
    for (uint32_t shift = 0; stream->next < stream->end; shift += 7u) {
        const uint32_t byte = *stream->next++;
        if (shift == FP_LEB128_LAST_SHIFT && byte > FP_LEB128_LAST_BYTE_MAX) {
            return FP_ERR_ENCODING;
        }
        result |= (byte & 0x7Fu) << shift;
        if (byte < 0x80u) {
            *value = result;
            return FP_OK;
        }
    }
    return FP_ERR_ENCODING;
}

/* Errors: FP_ERR_CAPACITY for more than `capacity` kept weights, FP_ERR_ENCODING for more than there are bytes for. */
static inline fp_status fp_gap8_open(fp_weight_stream *stream, uint32_t capacity, fp_gap8_row *row) {
    uint32_t kept = 0;
    const fp_status status = fp_leb128_read(stream, &kept);
    if (status != FP_OK || kept > capacity) {
        return status != FP_OK ? status : FP_ERR_CAPACITY;
    }
    if (kept > (size_t)(stream->end - stream->next) / 2u) {
        return FP_ERR_ENCODING;
    }
    row->next = stream->next;
    row->row_end = stream->next + 2u * (size_t)kept;
    row->stream_end = stream->end;
    row->index = 0;
    return FP_OK;
}

/* Read one kept weight, escapes before it included; its index is row->index - 1 then. There is one left, and `index`
 * is at most `weights`. */
static inline fp_status fp_gap8_step(fp_gap8_row *row, uint32_t weights, uint8_t *weight) {
    uint32_t gap = *row->next++;
    while (gap == FP_GAP8_ESCAPE) {
        row->index += gap;
        if (row->index >= weights || row->row_end == row->stream_end) {
            return FP_ERR_ENCODING;
        }
        row->row_end++;
        gap = *row->next++;
    }
    row->index += gap + 1u;
    *weight = *row->next++;
    return *weight != 0 && row->index <= weights ? FP_OK : FP_ERR_ENCODING;
}

/* Where the words of two pairs end. */
static inline const uint8_t *fp_gap8_words_end(const fp_gap8_row *row) {
    return row->next + ((size_t)(row->row_end - row->next) & ~(size_t)3u);
}

/* Both headers define
 *
 *   static inline fp_tap *fp_gap8_expand_pairs(fp_gap8_row *row, const fp_tap_maker *maker, fp_tap *tap);
 *       two kept weights after the other to taps; returns where the next tap goes. Reads nothing at an index, so the
 *       caller compares row->index with the row's end: it grows by at most 255 for each of at most
 *       FP_TAP_OFFSET_LIMIT kept weights and cannot wrap
 *
 *   static inline uint32_t fp_gap8_dot_pairs(fp_gap8_row *row, const int8_t *in, uint32_t weights, uint32_t sum);
 *       sum + weight * in[index] of two kept weights after the other; row->index is FP_GAP8_INDEX_BAD when one reaches
 *       `weights`, which is not 0
 *
 * They stop before a word that is not two plain pairs: where a gap is an escape or a weight 0.
 */
#define FP_GAP8_INDEX_BAD UINT32_MAX
#if defined(FP_REFERENCE_KERNELS) || !defined(__ARM_FEATURE_DSP) || !defined(__OPTIMIZE__) || defined(__clang__)
#include "fp_gap8_portable.h"
#else
#include "fp_gap8_arm.h"
#endif

#endif
