/* Pairs of kept weights in Armv7E-M instructions. Included by fp_gap8.h only.
 *
 * The loops turn at label 1 with a word of two plain pairs. A byte of word ^ 0x00FF00FF is 0 where a gap is an escape
 * or a weight 0; subtracting from ones without going below 0 leaves something of such bytes only.
 */
#ifndef FP_GAP8_ARM_H
#define FP_GAP8_ARM_H

/* Go to 1 with the next word, or fall through with `next` before the first pair that is left. */
#define FP_GAP8_NEXT_WORD                                                                                              \
    "2:\n\t"                                                                                                           \
    "cmp %[next], %[stop]\n\t"                                                                                         \
    "beq 3f\n\t"                                                                                                       \
    "ldr %[word], [%[next]], #4\n\t"                                                                                   \
    "eor %[a], %[word], #0x00FF00FF\n\t"                                                                               \
    "uqsub8 %[a], %[ones], %[a]\n\t"                                                                                   \
    "cmp %[a], #0\n\t"                                                                                                 \
    "beq 1b\n\t"                                                                                                       \
    "sub %[next], %[next], #4\n"                                                                                       \
    "3:"

/* The tap of `index` without its weight. */
#define FP_GAP8_PLACE(tap)                                                                                             \
    "udiv %[a], %[index], %[area]\n\t"                                                                                 \
    "mls " tap ", %[area], %[a], %[index]\n\t"                                                                         \
    "ldr " tap ", [%[position], " tap ", lsl #2]\n\t"                                                                  \
    "mla " tap ", %[a], %[step], " tap "\n\t"

static inline fp_tap *fp_gap8_expand_pairs(fp_gap8_row *row, const fp_tap_maker *maker, fp_tap *tap) {
    const uint8_t *const stop = fp_gap8_words_end(row);
    uint32_t word, a, first, second;
    __asm__ volatile("b 2f\n"
                     "1:\n\t"
                     "uxtab %[index], %[index], %[word]\n\t" FP_GAP8_PLACE("%[first]") //
                     "uxtab %[index], %[index], %[word], ror #16\n\t"
                     "add %[index], %[index], #1\n\t" FP_GAP8_PLACE("%[second]") //
                     "add %[index], %[index], #1\n\t"
                     "ubfx %[a], %[word], #8, #8\n\t"
                     "orr %[first], %[first], %[a], lsl #1\n\t"
                     "lsr %[word], %[word], #24\n\t"
                     "orr %[second], %[second], %[word], lsl #1\n\t"
                     "strd %[first], %[second], [%[tap]], #8\n" FP_GAP8_NEXT_WORD
                     : [next] "+r"(row->next), [index] "+r"(row->index), [tap] "+r"(tap), [word] "=&r"(word),
                       [a] "=&r"(a), [first] "=&r"(first), [second] "=&r"(second)
                     : [stop] "r"(stop), [ones] "r"(0x01010101u), [position] "r"(maker->position),
                       [area] "r"(maker->kernel_area), [step] "r"(maker->channel_step)
                     : "cc", "memory");
    return tap;
}

/* `at` is the input before the next gap, `a` the one before the first weight's; with both gaps added `at` is two before
 * the second weight's. */
static inline uint32_t fp_gap8_dot_pairs(fp_gap8_row *row, const int8_t *in, uint32_t weights, uint32_t sum) {
    const uint8_t *const stop = fp_gap8_words_end(row);
    const uint32_t start = (uint32_t)in - 1u;
    uint32_t at = start + row->index;
    uint32_t word, a, b;
    __asm__ volatile(
        "b 2f\n"
        "1:\n\t"
        "uxtab %[a], %[at], %[word]\n\t"
        "uxtab %[at], %[a], %[word], ror #16\n\t"
        "cmp %[at], %[bad]\n\t"
        "bhs 4f\n\t"
        "ldrsb %[a], [%[a], #1]\n\t"
        "ldrsb %[b], [%[at], #2]!\n\t"
        "sxtb16 %[word], %[word], ror #8\n\t"
        "smlabb %[sum], %[a], %[word], %[sum]\n\t"
        "smlabt %[sum], %[b], %[word], %[sum]\n" FP_GAP8_NEXT_WORD "\n\t"
        "b 5f\n"
        "4:\n\t"
        "sub %[at], %[start], #1\n"
        "5:"
        : [next] "+r"(row->next), [at] "+r"(at), [sum] "+r"(sum), [word] "=&r"(word), [a] "=&r"(a), [b] "=&r"(b)
        : [stop] "r"(stop), [ones] "r"(0x01010101u), [start] "r"(start), [bad] "r"(start + weights - 1u)
        : "cc", "memory");
    row->index = at - start; /* FP_GAP8_INDEX_BAD from label 4 */
    return sum;
}

#endif
