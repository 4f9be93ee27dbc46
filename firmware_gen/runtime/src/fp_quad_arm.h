/* Four dot products with one row of weights, in Armv7E-M instructions. Included by fp_quad.h only.
 *
 * Thirteen instructions for sixteen multiply-accumulates; the loop is unrolled once and entered in its middle where the
 * number of words is odd.
 */
#ifndef FP_QUAD_ARM_H
#define FP_QUAD_ARM_H

#include "fp_dsp.h"

/* Two taps of each of four outputs. */
#define FP_QUAD_MULTIPLY(weights)                                                                                      \
    "smlad %[s0], %[v0], " weights ", %[s0]\n\t"                                                                       \
    "smlad %[s1], %[v1], " weights ", %[s1]\n\t"                                                                       \
    "smlad %[s2], %[v2], " weights ", %[s2]\n\t"                                                                       \
    "smlad %[s3], %[v3], " weights ", %[s3]\n\t"

/* Four taps: a word of weights against two of values for each output. */
#define FP_QUAD_WORD                                                                                                   \
    "ldmia %[values]!, {%[v0], %[v1], %[v2], %[v3]}\n\t"                                                               \
    "sxtb16 %[even], %[word]\n\t" FP_QUAD_MULTIPLY("%[even]") "ldmia %[values]!, {%[v0], %[v1], %[v2], %[v3]}\n\t"     \
                                                              "sxtb16 %[word], %[word], ror #8\n\t" FP_QUAD_MULTIPLY(  \
                                                                  "%[word]")

__attribute__((always_inline)) static inline fp_quad fp_quad_dot(const uint8_t *row, uint32_t lead, const uint8_t *end,
                                                                 const int16_t *values, int32_t start) {
    int32_t s0, s1, s2, s3;
    uint32_t word, even;
    /* A list of registers is loaded in the order of their numbers. */
    register uint32_t v0 __asm__("r4");
    register uint32_t v1 __asm__("r5");
    register uint32_t v2 __asm__("r6");
    register uint32_t v3 __asm__("r8");
    s0 = s1 = s2 = s3 = start;
    __asm__ volatile(
        "sub %[even], %[end], %[row]\n\t"
        "ldr %[word], [%[row]]\n\t"
        "add %[row], %[row], %[lead]\n\t"
        "sub %[even], %[even], #1\n\t"
        "tst %[even], #4\n\t"
        "beq 2f\n\t"
        "b 1f\n"
        "3:\n\t"
        "ldr %[word], [%[row]], #4\n"
        "1:\n\t" FP_QUAD_WORD //
        "ldr %[word], [%[row]], #4\n"
        "2:\n\t" FP_QUAD_WORD //
        "cmp %[row], %[end]\n\t"
        "bne 3b"
        : [s0] "+r"(s0), [s1] "+r"(s1), [s2] "+r"(s2), [s3] "+r"(s3), [row] "+r"(row), [values] "+r"(values),
          [word] "=&r"(word), [even] "=&r"(even), [v0] "=&r"(v0), [v1] "=&r"(v1), [v2] "=&r"(v2), [v3] "=&r"(v3)
        : [end] "r"(end), [lead] "r"(lead)
        : "cc", "memory");
    const fp_quad sums = {{s0, s1, s2, s3}};
    return sums;
}

static inline int8_t fp_quad_requantize(const fp_requant_short *requant, int32_t sum) {
    return fp_lane_requantize(requant, 2 * sum);
}

#endif
