/* Positions of bits in words. */
#ifndef FP_BITS_H
#define FP_BITS_H

#include <stdint.h>

/* Bits up to and including the highest set one; 0 for 0. */
static inline uint32_t fp_length32(uint32_t word) {
#if defined(__GNUC__)
    return word == 0 ? 0u : 32u - (uint32_t)__builtin_clz(word);
#else
    uint32_t length = 0;
    for (; word != 0; word >>= 1) {
        length++;
    }
    return length;
#endif
}

static inline uint32_t fp_length64(uint64_t word) {
    const uint32_t high = (uint32_t)(word >> 32);
    return high != 0 ? 32u + fp_length32(high) : fp_length32((uint32_t)word);
}

/* The position of the lowest set bit of a word that is not 0. */
static inline uint32_t fp_lowest32(uint32_t word) {
    return fp_length32(word & (0u - word)) - 1u;
}

#endif
