/* IEEE 754 binary16, by integer arithmetic. */
#ifndef FP_HALF_H
#define FP_HALF_H

#include <stdint.h>

#include "fp_float.h"

/* Round to nearest, ties to even; what rounds beyond 65504 becomes an infinity, a NaN a quiet NaN. */
static inline uint16_t fp_half_write(float value) {
    const uint32_t bits = fp_float_bits(value);
    const uint32_t sign = (bits >> 16) & 0x8000u, size = bits & 0x7FFFFFFFu;
    if (size >= 0x7F800000u) {
        return (uint16_t)(sign | 0x7C00u | (size > 0x7F800000u ? 0x0200u | ((size >> 13) & 0x03FFu) : 0u));
    }
    if (size >= 0x477FF000u) { /* 65520 */
        return (uint16_t)(sign | 0x7C00u);
    }
    const uint32_t exponent = size >> 23;
    if (exponent < 102u) { /* below 2^-25, half of the smallest number */
        return (uint16_t)sign;
    }
    const uint32_t drop = exponent < 113u ? 126u - exponent : 13u;
    const uint32_t whole = exponent < 113u ? (size & 0x007FFFFFu) | 0x00800000u : size - 0x38000000u;
    const uint32_t half = (uint32_t)1 << (drop - 1u), rest = whole & ((half << 1) - 1u);
    const uint32_t kept = whole >> drop;
    const uint32_t up = rest > half || (rest == half && (kept & 1u) != 0) ? 1u : 0u;
    return (uint16_t)(sign | (kept + up));
}

static inline float fp_half_read(uint16_t half) {
    const uint32_t sign = (uint32_t)(half & 0x8000u) << 16, exponent = (half >> 10) & 31u, fraction = half & 0x03FFu;
    if (exponent == 31u) {
        return fp_float_of(sign | 0x7F800000u | fraction << 13);
    }
    if (exponent == 0) { /* fraction * 2^-24 */
        const float size = (float)fraction * 5.9604644775390625e-8f;
        return sign != 0 ? -size : size;
    }
    return fp_float_of(sign | (exponent + 112u) << 23 | fraction << 13);
}

#endif
