/* Sums of products in vectors of 128 bits.
 *
 * fp_mve_arm.h has them in instructions of Armv8.1-M MVE (Helium), fp_mve_portable.h in C for hosts and compilers that
 * the instructions' operands are not written for.
 */
#ifndef FP_MVE_H
#define FP_MVE_H

#include <stdint.h>

#include "fp_conv_places.h"
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

/* The inputs of four positions, 16 taps of each together: byte i of position p lies at FP_MVE_COLUMN(i) + 16 p. */
#define FP_MVE_COLUMN(tap) (((tap) / 16u) * 64u + (tap) % 16u)

/* One output channel of four positions; `row` has its weights. */
typedef struct fp_mve_tile {
    const int8_t *columns; /* 4-byte aligned */
    uint32_t taps;         /* not 0 */
    int32_t bias;
    fp_requant_short requant;
} fp_mve_tile;

/* Both headers define
 *
 *   static inline void fp_mve_walk(const fp_mve_filter *filter, const int8_t *window, int8_t *out, uint32_t count);
 *       `count` neighbouring outputs, saturated to int8; reads as far as three windows past the last
 *
 *   static inline void fp_mve_copy_columns(const fp_places *at, const uint16_t *offsets, uint32_t count, int8_t
 * *columns, uint32_t from); the bytes at `count` offsets into four windows become taps `from`, a multiple of eight, and
 * on
 *
 *   static inline void fp_mve_tile_row(const fp_mve_tile *tile, const uint8_t *row, const fp_places *at, int8_t *out);
 *       the channel's outputs at four places, saturated to int8
 *
 *   static inline void fp_mve_add_rows(const uint8_t *row, uint32_t length, const int8_t *in, int32_t *sums);
 *       adds to four sums the products of four rows, one behind the other, with the same input; they wrap
 */
#if !defined(__ARM_FEATURE_MVE) || !defined(__OPTIMIZE__) || defined(__clang__)
#include "fp_mve_portable.h"
#else
#include "fp_mve_arm.h"
#endif

#endif
