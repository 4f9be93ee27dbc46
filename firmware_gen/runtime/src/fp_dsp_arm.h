/* The DSP kernel's loops in Armv7E-M instructions. Included by fp_dsp.h only.
 *
 * One loop is one asm statement: eight sums, list, window, tap (then weight), address and two words of input are 14
 * registers, all there are; GCC's own schedule of intrinsics spills some in every iteration. The end of the list is the
 * carry of window + FP_TAP_END's offset, -1; a window is never at address 0.
 */
#ifndef FP_DSP_ARM_H
#define FP_DSP_ARM_H

/* tap <- next; address <- its input; carry set: it was FP_TAP_END. */
#define FP_NEXT_TAP                                                                                                    \
    "ldr %[tap], [%[taps]], #4\n\t"                                                                                    \
    "adds %[at], %[window], %[tap], asr #9\n\t"

/* Four bytes against the weight: byte i to sum i. Leaves `word` overwritten. */
#define FP_MULTIPLY4(word, s0, s1, s2, s3)                                                                             \
    "sxtb16 %[half], " word "\n\t"                                                                                     \
    "smlabb " s0 ", %[half], %[tap], " s0 "\n\t"                                                                       \
    "smlatb " s2 ", %[half], %[tap], " s2 "\n\t"                                                                       \
    "sxtb16 " word ", " word ", ror #8\n\t"                                                                            \
    "smlabb " s1 ", " word ", %[tap], " s1 "\n\t"                                                                      \
    "smlatb " s3 ", " word ", %[tap], " s3 "\n\t"

/* Bytes 0 and 2 against the weight. Leaves `word` overwritten. */
#define FP_MULTIPLY2(word, s0, s1)                                                                                     \
    "sxtb16 " word ", " word "\n\t"                                                                                    \
    "smlabb " s0 ", " word ", %[tap], " s0 "\n\t"                                                                      \
    "smlatb " s1 ", " word ", %[tap], " s1 "\n\t"

#define FP_LOOP(body)                                                                                                  \
    FP_NEXT_TAP                                                                                                        \
    "1:\n\t"                                                                                                           \
    "sbfx %[tap], %[tap], #0, #9\n\t" body FP_NEXT_TAP "bcc 1b"

#define FP_LOOP_OPERANDS                                                                                               \
    [s0] "+r"(s0), [s1] "+r"(s1), [s2] "+r"(s2), [s3] "+r"(s3), [s4] "+r"(s4), [s5] "+r"(s5), [s6] "+r"(s6),           \
        [s7] "+r"(s7), [taps] "+r"(taps), [tap] "=&r"(tap), [at] "=&r"(at), [word] "=&r"(word), [half] "=&r"(half)

/* Runs the loop from sums of `twice_bias`; a macro because the template of an asm statement is a literal. */
#define FP_RUN_LOOP(body)                                                                                              \
    int32_t s0, s1, s2, s3, s4, s5, s6, s7;                                                                            \
    uint32_t tap, at, word, half;                                                                                      \
    s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = twice_bias;                                                                \
    __asm__ volatile(FP_LOOP(body) : FP_LOOP_OPERANDS : [window] "r"(window) : "cc", "memory");                        \
    const fp_lanes lanes = {{s0, s1, s2, s3, s4, s5, s6, s7}};                                                         \
    return lanes

static inline fp_lanes fp_lanes_stride1(const fp_tap *taps, const int8_t *window, int32_t twice_bias) {
    FP_RUN_LOOP("ldr %[word], [%[at]]\n\t"
                "ldr %[at], [%[at], #4]\n\t" FP_MULTIPLY4("%[word]", "%[s0]", "%[s1]", "%[s2]", "%[s3]")
                    FP_MULTIPLY4("%[at]", "%[s4]", "%[s5]", "%[s6]", "%[s7]"));
}

/* Eight inputs two bytes apart, four of them `second` bytes further on than their neighbours would be. */
#define FP_STRIDE2_BODY(second, last)                                                                                  \
    "ldr %[word], [%[at]]\n\t"                                                                                         \
    "ldr %[half], [%[at], #4]\n\t" FP_MULTIPLY2(                                                                       \
        "%[word]", "%[s0]", "%[s1]") "ldr %[word], [%[at], #" second                                                   \
                                     "]\n\t" FP_MULTIPLY2("%[half]", "%[s2]",                                          \
                                                          "%[s3]") "ldr %[at], [%[at], #" last                         \
                                                                   "]\n\t" FP_MULTIPLY2("%[word]", "%[s4]", "%[s5]")   \
                                                                       FP_MULTIPLY2("%[at]", "%[s6]", "%[s7]")

static inline fp_lanes fp_lanes_stride2(const fp_tap *taps, const int8_t *window, int32_t twice_bias) {
    FP_RUN_LOOP(FP_STRIDE2_BODY("8", "12"));
}

static inline fp_lanes fp_lanes_rows5(const fp_tap *taps, const int8_t *window, int32_t twice_bias) {
    FP_RUN_LOOP("ldr %[word], [%[at]]\n\t"
                "ldr %[at], [%[at], #5]\n\t" FP_MULTIPLY4("%[word]", "%[s0]", "%[s1]", "%[s2]", "%[s3]")
                    FP_MULTIPLY4("%[at]", "%[s4]", "%[s5]", "%[s6]", "%[s7]"));
}

static inline fp_lanes fp_lanes_rows18_stride2(const fp_tap *taps, const int8_t *window, int32_t twice_bias) {
    FP_RUN_LOOP(FP_STRIDE2_BODY("18", "22"));
}

/* Bytes 0, 1, 3 and 4, to sums 0 to 3; the others are what the bias is. */
static inline fp_lanes fp_lanes_square3(const fp_tap *taps, const int8_t *window, int32_t twice_bias) {
    FP_RUN_LOOP("ldr %[word], [%[at]]\n\t"
                "ldrsb %[at], [%[at], #4]\n\t"
                "sxtb16 %[half], %[word]\n\t"
                "smlabb %[s0], %[half], %[tap], %[s0]\n\t"
                "sxtb16 %[word], %[word], ror #8\n\t"
                "smlabb %[s1], %[word], %[tap], %[s1]\n\t"
                "smlatb %[s2], %[word], %[tap], %[s2]\n\t"
                "smlabb %[s3], %[at], %[tap], %[s3]\n\t");
}

__attribute__((always_inline)) static inline int8_t fp_lane_requantize(const fp_requant_short *requant, int32_t twice) {
    int32_t rounded, saturated;
    __asm__("smmlar %0, %1, %2, %3" : "=r"(rounded) : "r"(twice), "r"(requant->multiplier), "r"(requant->addend));
    rounded = (rounded + (twice >> 31)) >> requant->exponent;
    __asm__("ssat %0, #8, %1" : "=r"(saturated) : "r"(rounded));
    return (int8_t)saturated;
}

#endif
