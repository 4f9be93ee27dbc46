/* Sums of products over a list of taps, for eight neighbouring output positions.
 *
 * fp_dsp_arm.h has them in instructions of the DSP extension, fp_dsp_portable.h in C for other cores and hosts. The
 * instructions' loops take all 14 registers: GCC hands them out when it optimises, Clang keeps one back.
 */
#ifndef FP_DSP_H
#define FP_DSP_H

#include <stdint.h>

#include "fp_requant.h"
#include "fp_taps.h"

#define FP_LANES 8

/* Twice the accumulator of each of eight neighbouring output positions. */
typedef struct fp_lanes {
    int32_t twice[FP_LANES];
} fp_lanes;

/* Both headers define
 *
 *   static inline fp_lanes fp_lanes_stride1(const fp_tap *taps, const int8_t *window, int32_t twice_bias);
 *   static inline fp_lanes fp_lanes_stride2(const fp_tap *taps, const int8_t *window, int32_t twice_bias);
 *       for windows one (two) bytes apart; they read up to 8 (16) bytes per tap
 *
 *   fp_lanes_rows5, fp_lanes_rows18_stride2, likewise
 *       for four windows, and four more 5 (18) bytes behind the first of them: two rows of planes that are four wide
 *
 *   fp_lanes_square3, likewise
 *       for four windows in a square, rows 3 bytes apart: a plane of two by two; the other four sums mean nothing. It
 *       reads up to 5 bytes per tap
 *
 *   static inline int8_t fp_lane_requantize(const fp_requant_short *requant, int32_t twice);
 *       saturated to int8
 */
#if !defined(__ARM_FEATURE_DSP) || !defined(__OPTIMIZE__) || defined(__clang__)
#include "fp_dsp_portable.h"
#else
#include "fp_dsp_arm.h"
#endif

#endif
