/* Float functions that give the same bits on every machine: binary32 operations in a fixed order, no libm.
 *
 * Against the true value: fp_sqrt is correctly rounded, fp_exp and fp_log are within 2 units of the last place.
 */
#ifndef FP_FLOAT_H
#define FP_FLOAT_H

#include <float.h>
#include <stdbool.h>
#include <stdint.h>

/* 16 is for half precision: float operations are binary32 there, too. */
#if FLT_EVAL_METHOD != 0 && FLT_EVAL_METHOD != 16
#error "float operations are not binary32 here, so boards would differ in bits; on x86 compile with -msse2 -mfpmath=sse"
#endif
#ifdef __FAST_MATH__
#error "-ffast-math reorders float operations, so boards would differ in bits; compile without it"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* A float and its bits in one place; memcpy would be a call where the compiler is told that it is not its own. */
typedef union fp_float_word {
    float value;
    uint32_t bits;
} fp_float_word;

static inline uint32_t fp_float_bits(float value) {
    fp_float_word word;
    word.value = value;
    return word.bits;
}

static inline float fp_float_of(uint32_t bits) {
    fp_float_word word;
    word.bits = bits;
    return word.value;
}

static inline bool fp_is_finite(float value) {
    return (fp_float_bits(value) & 0x7F800000u) != 0x7F800000u;
}

/* The square root of a number that is zero, or positive, normal and finite. */
float fp_sqrt(float value);

/* e to the power of `value` <= 0; 0 below -87. */
float fp_exp(float value);

/* The natural logarithm of `value`, positive, normal and finite. */
float fp_log(float value);

#ifdef __cplusplus
}
#endif
#endif
