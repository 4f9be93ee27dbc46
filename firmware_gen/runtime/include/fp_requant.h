/* Requantisation: from a 32-bit accumulator to the scale of an int8 output.
 *
 * Double rounding, as TensorFlow Lite Micro's MultiplyByQuantizedMultiplier does it (its default build; XNNPACK and
 * ruy round once and differ by one here and there):
 *   1. saturating rounding doubling high multiply: (x * m + 2^30) >> 31, ties towards plus infinity;
 *   2. rounding divide by a power of two: ties away from zero.
 *
 * Right shifts of negative numbers are taken to be arithmetic, as every supported compiler defines them.
 */
#ifndef FP_REQUANT_H
#define FP_REQUANT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if (-1 >> 1) != -1
#error "The runtime needs arithmetic right shifts of negative numbers; use GCC or Clang."
#endif

/* The exponents TensorFlow Lite's converter produces; smaller ones it flushes to a multiplier of 0. */
#define FP_SHIFT_MIN (-31)
#define FP_SHIFT_MAX 30

/* (a * b * 2) >> 32, rounded; saturates where it overflows, which is for a = b = INT32_MIN only. */
static inline int32_t fp_doubling_high_multiply(int32_t a, int32_t b) {
    if (a == INT32_MIN && b == INT32_MIN) {
        return INT32_MAX;
    }
    return (int32_t)(((int64_t)a * b + ((int64_t)1 << 30)) >> 31);
}

/* x / 2^exponent, ties away from zero; exponent 0..31. */
static inline int32_t fp_rounding_divide_by_power(int32_t x, int32_t exponent) {
    const uint32_t mask = ((uint32_t)1 << exponent) - 1u;
    const uint32_t remainder = (uint32_t)x & mask;
    const uint32_t threshold = (mask >> 1) + (x < 0 ? 1u : 0u);
    return (x >> exponent) + (remainder > threshold ? 1 : 0);
}

/* x * multiplier * 2^(shift - 31) for any int32 x, shift FP_SHIFT_MIN..FP_SHIFT_MAX. A left shift that overflows wraps,
 * as it does in TensorFlow Lite Micro on every machine it runs on. */
static inline int32_t fp_requantize(int32_t x, int32_t multiplier, int32_t shift) {
    const int32_t left = shift > 0 ? shift : 0;
    const int32_t right = shift > 0 ? 0 : -shift;
    const int32_t shifted = (int32_t)((uint32_t)x << left);
    return fp_rounding_divide_by_power(fp_doubling_high_multiply(shifted, multiplier), right);
}

/* A factor of multiplier * 2^(shift - 31). */
typedef struct fp_scale {
    int32_t multiplier;
    int8_t shift;
} fp_scale;

static inline int32_t fp_rescale(int32_t x, fp_scale scale) {
    return fp_requantize(x, scale.multiplier, scale.shift);
}

static inline int8_t fp_clamp(int32_t x, int32_t low, int32_t high) {
    return (int8_t)(x < low ? low : x > high ? high : x);
}

/* The same result in three steps for layers that meet fp_requant_short_fits:
 *
 *     y = ((2x * multiplier + 2^31) >> 32) + addend      one SMMLAR
 *     y = (y + (2x >> 31)) >> exponent                   the -1 of a negative x makes ties go away from zero
 *
 * with addend = zero_point * 2^exponent + 2^(exponent - 1), so that y comes out with the zero point added. Where the
 * product rounds to 0 from below, the -1 is one too many, but too little to change the quotient.
 */
typedef struct fp_requant_short {
    int32_t multiplier; /* Q31, not negative */
    int32_t addend;
    int32_t exponent; /* bits of the right shift, 1..FP_REQUANT_SHORT_EXPONENT_MAX */
} fp_requant_short;

/* zero_point * 2^exponent stays within 2^29 and |x| below 2^30, so that no step overflows. */
#define FP_REQUANT_SHORT_EXPONENT_MAX 22
#define FP_REQUANT_SHORT_INPUT_LIMIT ((uint32_t)1 << 30)

/* Whether the short form is exact for all |x| <= magnitude. */
static inline int fp_requant_short_fits(uint32_t magnitude, int32_t multiplier, int32_t shift) {
    return magnitude < FP_REQUANT_SHORT_INPUT_LIMIT && multiplier >= 0 && shift <= -1 &&
           shift >= -FP_REQUANT_SHORT_EXPONENT_MAX;
}

static inline fp_requant_short fp_requant_short_make(int32_t multiplier, int32_t shift, int8_t zero_point) {
    fp_requant_short r;
    r.multiplier = multiplier;
    r.exponent = -shift;
    r.addend = zero_point * ((int32_t)1 << r.exponent) + ((int32_t)1 << (r.exponent - 1));
    return r;
}

/* The short form itself; `twice` is 2x. */
static inline int32_t fp_requant_short_apply(const fp_requant_short *requant, int32_t twice) {
    const int64_t start = (int64_t)(((uint64_t)(uint32_t)requant->addend << 32) | ((uint64_t)1 << 31));
    const int32_t rounded = (int32_t)((start + (int64_t)twice * requant->multiplier) >> 32);
    return (rounded + (twice >> 31)) >> requant->exponent;
}

#ifdef __cplusplus
}
#endif
#endif
