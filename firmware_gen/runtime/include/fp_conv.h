/* Convolution over compressed weights; a fully connected layer is the same with a kernel as large as its
 * input and one output position, a depthwise convolution the same with as many groups as input channels.
 *
 * For each output channel the compressed row of weights is expanded once into a list of taps (input offset,
 * weight) in scratch memory, then the list is walked over all output positions. Where there is only one and the
 * input is contiguous, weights are used as they are decoded, without a list. Dense weights are not listed either: the
 * inputs of four positions are laid out in scratch memory instead, for all output channels. Adding an encoding means
 * adding an expander and a dot product; the arithmetic stays.
 *
 * Arithmetic is that of TensorFlow Lite Micro's int8 reference kernels, double rounding included (see fp_requant.h).
 */
#ifndef FP_CONV_H
#define FP_CONV_H

#include <stdint.h>

#include "fp_plane.h"
#include "fp_status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum fp_encoding {
    FP_ENCODING_DENSE = 0,  /* per output channel: every weight, one byte each */
    FP_ENCODING_GAP8 = 1,   /* per output channel: count, then (gap, weight) byte pairs; see fp_taps.h */
    FP_ENCODING_GAP4 = 2,   /* per layer: count, weights, then 4-bit gaps */
    FP_ENCODING_ENTROPY = 3 /* per layer: code tables, then coded gaps and weights */
} fp_encoding;

typedef struct fp_conv {
    fp_plane in;
    fp_plane out;
    const uint8_t *weights;    /* encoded; channels of `out` one after the other, weight index (ic, ky, kx) row-major,
                                * ic counted within the group */
    uint32_t weight_bytes;     /* length of `weights`; the expanders never read past it */
    const int32_t *bias;       /* [out.channels]; the input zero point is folded in: b - zp_in * sum(w) */
    const int32_t *multiplier; /* Q31, [out.channels] or [1] */
    const int8_t *shift;       /* > 0 left, < 0 right; [out.channels] or [1] */
    uint8_t encoding;          /* enum fp_encoding */
    uint8_t per_channel;       /* 1: multiplier and shift have out.channels entries; 0: one */
    uint8_t kernel_height;
    uint8_t kernel_width;
    uint8_t stride_height;
    uint8_t stride_width;
    uint8_t dilation_height;
    uint8_t dilation_width;
    uint8_t pad_top; /* <= halo of `in`; the window of output (0, 0) starts at (-pad_top, -pad_left) */
    uint8_t pad_left;
    int8_t activation_min;
    int8_t activation_max;
    uint16_t groups;   /* input and output channels are cut into so many equal groups; an output channel reads the
                        * input channels of its own group only */
    uint32_t max_taps; /* largest number of kept weights of one output channel */
} fp_conv;

/* Bytes of 4-byte aligned scratch that fp_conv_run needs for this layer; 0 where it needs none. */
uint32_t fp_conv_scratch_bytes(const fp_conv *conv);

/* Run one layer. `in`, `out` and `scratch` do not overlap; `out` gets its halo filled.
 * Errors: FP_ERR_ENCODING when the weight stream does not decode to at most max_taps weights a channel (a dense one
 * that needs no list may have more). */
fp_status fp_conv_run(const fp_conv *conv, const int8_t *in, int8_t *out, void *scratch);

#ifdef __cplusplus
}
#endif
#endif
