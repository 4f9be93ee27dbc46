/* Expanding one output channel's compressed weights into a list of taps.
 *
 * A tap is one word: bits 31..9 the byte offset from the window's first element in the input tensor, bits
 * 8..0 twice the weight (two's complement; the doubling that requantisation starts with comes free here). A list
 * ends with FP_TAP_END, a negative offset: kernels find the end in the carry of the address they compute anyway.
 *
 * FP_ENCODING_DENSE, per output channel: every weight, one byte each; zeros yield no tap.
 *
 * FP_ENCODING_GAP8, per output channel: the number of kept weights as an unsigned LEB128, then for each a gap and
 * a weight byte that is not 0. A gap is the distance from the previous kept weight's index minus one (for the first:
 * the index itself). Gap byte 255 means: skip 255 indices, another gap byte follows (no weight byte between them).
 *
 * The others count indices through all output channels, one row behind the other, so that a channel without a kept
 * weight takes no byte.
 *
 * FP_ENCODING_GAP4, per layer: the number of kept weights as an unsigned LEB128; the weights, none of them 0; a gap for
 * each in nibbles, the low one of a byte first. A nibble below 15 is the gap; 15 means: 15 more than the number in the
 * nibbles behind it, three bits each, lowest first, of which 8 says that another follows. A nibble left over is 0.
 *
 * FP_ENCODING_ENTROPY, per layer: two code tables, then gap, weight, gap, weight, ... and the gap that leads from the
 * last kept weight to the end of the last row. fp_entropy.h has the codes.
 */
#ifndef FP_TAPS_H
#define FP_TAPS_H

#include <stddef.h>
#include <stdint.h>

#include "fp_config.h"
#include "fp_status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef uint32_t fp_tap;

/* Offsets are below this: 4 MiB. */
#define FP_TAP_OFFSET_LIMIT ((uint32_t)1 << 22)
#define FP_TAP_END 0xFFFFFFFFu
#define FP_TAP(offset, weight) (((fp_tap)(offset) << 9) | ((fp_tap)(uint8_t)(weight) << 1))
#define FP_TAP_OFFSET(tap) ((uint32_t)(tap) >> 9)
#define FP_TAP_WEIGHT(tap) ((int32_t)((uint32_t)(tap) << 23) >> 24)
#define FP_TAP_TWICE_WEIGHT(tap) ((int32_t)((uint32_t)(tap) << 23) >> 23)

/* A weight index i stands for input channel i / kernel_area and kernel position i % kernel_area. */
typedef struct fp_tap_geometry {
    const fp_tap *position; /* [kernel_area]: FP_TAP(ky * dilation_height * row_pitch + kx * dilation_width, 0) */
    uint32_t kernel_area;   /* not 0 */
    uint32_t channel_pitch;
    uint32_t weights_per_channel; /* input channels * kernel_area, at most FP_TAP_OFFSET_LIMIT; an index reaching it is
                                     an error */
} fp_tap_geometry;

/* Which decoders are compiled in; a generated project leaves out those that its model does not use. */
#ifndef FP_WITH_GAP4
#define FP_WITH_GAP4 1
#endif
#ifndef FP_WITH_ENTROPY
#define FP_WITH_ENTROPY 1
#endif
#define FP_WITH_CODED_ROWS (FP_WITH_GAP4 || FP_WITH_ENTROPY)

/* Bytes that are not read yet. */
typedef struct fp_weight_stream {
    const uint8_t *next;
    const uint8_t *end;
} fp_weight_stream;

#define FP_CODE_CLASSES 32u

/* A code table ready for decoding; fp_entropy.h explains it. */
typedef struct fp_code {
    uint32_t classes[FP_CODE_CLASSES]; /* bits 15..0 first number, 23..16 bits that follow, 31..24 length of the code */
    uint8_t lookup[256];               /* the class, by the next eight bits */
} fp_code;

typedef struct fp_gap4_state {
    const uint8_t *weight; /* the next one */
    const uint8_t *weight_end;
    const uint8_t *gaps;
    uint32_t nibble;  /* the next one of `gaps` */
    uint32_t nibbles; /* how many there are */
    uint32_t index;   /* of the next kept weight, from the start of the next row; UINT32_MAX behind the last */
} fp_gap4_state;

typedef struct fp_entropy_state {
    const uint8_t *data;
    const fp_code *gaps;
    const fp_code *weights;
    uint32_t size;  /* of `data` in bytes */
    uint32_t next;  /* byte of `data`; bytes behind its end are read as 0 and refused later */
    uint32_t bits;  /* the next ones, highest first */
    uint32_t count; /* how many of `bits` are counted in `next` */
    uint32_t skip;  /* a gap of this size is followed by another gap */
    uint32_t index; /* of the next kept weight, from the start of the next row */
} fp_entropy_state;

/* Where the next channel's row starts, whatever the encoding. */
typedef struct fp_weight_reader {
    uint8_t encoding;
    union {
        fp_weight_stream stream; /* DENSE, GAP8 */
        fp_gap4_state gap4;
        fp_entropy_state entropy;
    } at;
} fp_weight_reader;

/* Bytes of 4-byte aligned memory that a reader needs until it is closed. */
uint32_t fp_reader_table_bytes(uint8_t encoding);

/* Start reading a layer's `bytes` bytes of weights. Errors: FP_ERR_ENCODING for an unknown encoding or illegal tables.
 */
fp_status fp_reader_open(fp_weight_reader *reader, uint8_t encoding, const uint8_t *data, uint32_t bytes, void *tables);

/* FP_ERR_ENCODING unless everything was read: the last row ends where the data do. */
fp_status fp_reader_close(const fp_weight_reader *reader);

/* Expand the next output channel's row; `taps` has room for `capacity` (at most FP_TAP_OFFSET_LIMIT) taps and
 * FP_TAP_END, which closes it after an error too. Errors: FP_ERR_ENCODING, with the reader left anywhere;
 * FP_ERR_CAPACITY when there are more taps. */
fp_status fp_taps_expand(fp_weight_reader *reader, const fp_tap_geometry *geometry, fp_tap *taps, uint32_t capacity);

/* The same from *end on, which is moved to the FP_TAP_END. */
fp_status fp_taps_expand_to(fp_weight_reader *reader, const fp_tap_geometry *geometry, fp_tap **end, uint32_t capacity);

#ifdef __cplusplus
}
#endif
#endif
