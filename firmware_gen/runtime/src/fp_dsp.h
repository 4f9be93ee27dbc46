/* Sums of products, as the DSP extension of Cortex-M computes them.
 *
 * fp_dsp_arm.h has the instructions, fp_dsp_portable.h the same steps in C, so that the kernel around them also runs
 * under sanitizers on a host. Its loops take all 14 registers: GCC hands them out when it optimises, Clang keeps
 * one back.
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
 *       for windows one (two) bytes apart; they read 8 (16) bytes per tap
 *
 *   static inline int8_t fp_lane_requantize(const fp_requant_short *requant, int32_t twice);
 *       saturated to int8
 */
#if defined(FP_DSP_EMULATION) || !defined(__OPTIMIZE__) || defined(__clang__)
#include "fp_dsp_portable.h"
#else
#include "fp_dsp_arm.h"
#endif

#endif
