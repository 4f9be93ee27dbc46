/* Four dot products at once: one row of int8 weights against the inputs of four output positions, or four rows against
 * one input.
 *
 * The inputs of positions lie in RAM as 16-bit values, four taps of each output together, so that a word of weights,
 * sign-extended to its even and its odd bytes, meets its partners as they are loaded:
 *
 *     halves   0..7    taps 0 and 2 of output 0, then of outputs 1, 2, 3
 *     halves   8..15   taps 1 and 3, likewise
 *
 * Rows whose length is no multiple of four begin with a word of which only `lead` taps count: the values of the others
 * are 0, and the next word of weights begins behind the taps that count. So no weight outside the row is read.
 */
#ifndef FP_QUAD_H
#define FP_QUAD_H

#include <stdint.h>

#include "fp_requant.h"

/* Outputs, and taps a word. */
#define FP_QUAD 4u
/* Halves from an output to the next. */
#define FP_QUAD_STEP 2u
/* Halves from a group of four taps to the tap `tap` in it. */
#define FP_QUAD_TAP(tap) ((((tap) & 1u) << 3) + ((tap) >> 1))

typedef struct fp_quad {
    int32_t sum[FP_QUAD];
} fp_quad;

/* Both headers define
 *
 *   static inline fp_quad fp_quad_dot(const uint8_t *row, uint32_t lead, const uint8_t *end, const int16_t *values,
 *                                     int32_t start);
 *       start + the sums over the row, which ends at `end` and has at least four weights, lead plus a multiple of four;
 *       they wrap. `values` is 4-byte aligned.
 *
 *   static inline void fp_quad_add_rows(const uint8_t *row, uint32_t pitch, const int8_t *in, const int8_t *end,
 *                                       fp_quad *sums);
 *       the sums of four rows, `pitch` bytes from one to the next, with the same input, a multiple of four bytes that
 *       is not 0; they wrap
 *
 *   static inline int8_t fp_quad_requantize(const fp_requant_short *requant, int32_t sum);
 *       saturated to int8
 */
#if defined(FP_REFERENCE_KERNELS) || !defined(__ARM_FEATURE_DSP) || !defined(__OPTIMIZE__) || defined(__clang__)
#include "fp_quad_portable.h"
#else
#include "fp_quad_arm.h"
#endif

#endif
