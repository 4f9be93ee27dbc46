/* Sums of products in vectors of 128 bits.
 *
 * fp_mve_arm.h has them in instructions of Armv8.1-M MVE (Helium), fp_mve_portable.h in C for hosts and compilers that
 * the instructions' operands are not written for.
 */
#ifndef FP_MVE_H
#define FP_MVE_H

#include <stdint.h>

#include "fp_requant.h"
#include "fp_taps.h"

/* Outputs that one vector of sums holds. */
#define FP_MVE_LANES 4u

/* Outputs of the largest block. */
#define FP_MVE_BLOCK 28u

/* Three windows more are read than there are outputs, at most; the arena has FP_ARENA_SLACK bytes to spare. */
#define FP_MVE_STRIDE_MAX 5u

/* An output channel over a list of taps. */
typedef struct fp_mve_filter {
    const fp_tap *taps;
    int32_t bias;
    uint32_t stride; /* bytes from an output's window to the next one's */
    fp_requant_short requant;
} fp_mve_filter;

/* Both headers define
 *
 *   static inline void fp_mve_walk(const fp_mve_filter *filter, const int8_t *window, int8_t *out, uint32_t count);
 *       `count` neighbouring outputs, saturated to int8; reads as far as three windows past the last
 */
#if !defined(__ARM_FEATURE_MVE) || !defined(__OPTIMIZE__) || defined(__clang__)
#include "fp_mve_portable.h"
#else
#include "fp_mve_arm.h"
#endif

#endif
