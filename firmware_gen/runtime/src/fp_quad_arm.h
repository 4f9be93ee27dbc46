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

/* A word of one row against the even and odd bytes of the input. */
#define FP_QUAD_ROW(row, sum)                                                                                          \
    "ldr %[word], [" row "], #4\n\t"                                                                                   \
    "sxtb16 %[half], %[word]\n\t"                                                                                      \
    "smlad " sum ", %[half], %[even], " sum "\n\t"                                                                     \
    "sxtb16 %[word], %[word], ror #8\n\t"                                                                              \
    "smlad " sum ", %[word], %[odd], " sum "\n\t"

/* A function of its own: the loop takes all 14 registers, and a caller that it is inlined into may need one more. */
__attribute__((noinline, unused)) static void fp_quad_add_rows(const uint8_t *row, uint32_t pitch, const int8_t *in,
                                                               const int8_t *end, fp_quad *sums) {
    int32_t s0 = sums->sum[0], s1 = sums->sum[1], s2 = sums->sum[2], s3 = sums->sum[3];
    const uint8_t *r0 = row, *r1 = r0 + pitch, *r2 = r1 + pitch, *r3 = r2 + pitch;
    uint32_t even, odd, word, half;
    __asm__ volatile(
        "1:\n\t"
        "ldr %[odd], [%[in]], #4\n\t"
        "sxtb16 %[even], %[odd]\n\t"
        "sxtb16 %[odd], %[odd], ror #8\n\t" FP_QUAD_ROW("%[r0]", "%[s0]") FP_QUAD_ROW("%[r1]", "%[s1]")
            FP_QUAD_ROW("%[r2]", "%[s2]") FP_QUAD_ROW("%[r3]", "%[s3]") //
        "cmp %[in], %[end]\n\t"
        "bne 1b"
        : [s0] "+r"(s0), [s1] "+r"(s1), [s2] "+r"(s2), [s3] "+r"(s3), [r0] "+r"(r0), [r1] "+r"(r1), [r2] "+r"(r2),
          [r3] "+r"(r3), [in] "+r"(in), [even] "=&r"(even), [odd] "=&r"(odd), [word] "=&r"(word), [half] "=&r"(half)
        : [end] "r"(end)
        : "cc", "memory");
    sums->sum[0] = s0;
    sums->sum[1] = s1;
    sums->sum[2] = s2;
    sums->sum[3] = s3;
}

static inline int8_t fp_quad_requantize(const fp_requant_short *requant, int32_t sum) {
    return fp_lane_requantize(requant, 2 * sum);
}

#endif
