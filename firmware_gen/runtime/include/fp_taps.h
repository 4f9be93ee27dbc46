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
 */
#ifndef FP_TAPS_H
#define FP_TAPS_H

#include <stddef.h>
#include <stdint.h>

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

/* Where the next channel's row starts. */
typedef struct fp_weight_stream {
    const uint8_t *next;
    const uint8_t *end;
} fp_weight_stream;

/* Expand the next output channel's row; `taps` has room for `capacity` (at most FP_TAP_OFFSET_LIMIT) taps and
 * FP_TAP_END, which closes it after an error too. Errors: FP_ERR_ENCODING, with the stream left anywhere;
 * FP_ERR_CAPACITY when there are more taps. */
fp_status fp_taps_expand(uint8_t encoding, fp_weight_stream *stream, const fp_tap_geometry *geometry, fp_tap *taps,
                         uint32_t capacity);

#ifdef __cplusplus
}
#endif
#endif
