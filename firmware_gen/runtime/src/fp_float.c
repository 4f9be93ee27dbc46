#include "fp_float.h"

#define FRACTION 0x007FFFFFu
#define HIDDEN 0x00800000u
#define ONE 0x3F800000u

/* The largest whole number whose square is at most `square`, which is below 2^50. */
static uint32_t integer_root(uint64_t square) {
    uint32_t root = 0;
    for (uint32_t bit = (uint32_t)1 << 24; bit != 0; bit >>= 1) {
        const uint64_t tried = root | bit;
        if (tried * tried <= square) {
            root |= bit;
        }
    }
    return root;
}

/* 24 bits of the root and one to round by. A tie cannot be: its square would have a bit below those there are. */
float fp_sqrt(float value) {
    const uint32_t bits = fp_float_bits(value);
    const uint32_t exponent = bits >> 23;
    if (exponent == 0) {
        return 0.0f;
    }
    const uint32_t even = exponent & 1u; /* the bias is odd, so such an exponent stands for an even power */
    const uint64_t square = (uint64_t)((bits & FRACTION) | HIDDEN) << (even != 0 ? 25 : 26);
    const uint32_t root = (integer_root(square) + 1u) >> 1;
    return fp_float_of((((exponent + 127u - (1u - even)) / 2u) << 23) + (root - HIDDEN));
}

float fp_exp(float value) {
    if (!(value >= -87.0f)) {
        return 0.0f;
    }
    /* value = power * ln 2 + rest; ln 2 in two parts, the first with few enough bits for an exact product. */
    const int32_t power = (int32_t)(value * 1.44269504f - 0.5f);
    const float whole = (float)power;
    const float rest = (value - whole * 0.693359375f) - whole * -2.12194440e-4f;
    float sum = 1.98412698e-4f;
    sum = sum * rest + 1.38888889e-3f;
    sum = sum * rest + 8.33333333e-3f;
    sum = sum * rest + 4.16666667e-2f;
    sum = sum * rest + 1.66666667e-1f;
    sum = sum * rest + 0.5f;
    sum = (sum * (rest * rest) + rest) + 1.0f;
    return sum * fp_float_of((uint32_t)(power + 127) << 23);
}

float fp_log(float value) {
    const uint32_t bits = fp_float_bits(value);
    int32_t power = (int32_t)(bits >> 23) - 127;
    float mantissa = fp_float_of((bits & FRACTION) | ONE);
    if (mantissa > 1.41421356f) {
        mantissa *= 0.5f;
        power++;
    }
    /* ln m = 2 artanh((m - 1) / (m + 1)) */
    const float ratio = (mantissa - 1.0f) / (mantissa + 1.0f);
    const float square = ratio * ratio;
    float sum = 0.111111111f;
    sum = sum * square + 0.142857143f;
    sum = sum * square + 0.2f;
    sum = sum * square + 0.333333333f;
    const float small = 2.0f * ratio + 2.0f * ratio * (square * sum);
    const float whole = (float)power;
    return whole * 0.693359375f + (whole * -2.12194440e-4f + small);
}
