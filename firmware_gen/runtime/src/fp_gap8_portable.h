/* Pairs of kept weights in portable C. Included by fp_gap8.h only. */
#ifndef FP_GAP8_PORTABLE_H
#define FP_GAP8_PORTABLE_H

#include "fp_bytes.h"

/* Whether four bytes, the first lowest, are gap, weight, gap, weight with no escape and no 0: no byte of `bytes` is 0.
 * A byte that is 0 borrows into its top bit; below the lowest one nothing borrows, so the test is exact. */
static inline int fp_gap8_two_plain(uint32_t word) {
    const uint32_t bytes = word ^ 0x00FF00FFu;
    return ((bytes - 0x01010101u) & ~bytes & 0x80808080u) == 0;
}

static inline fp_tap *fp_gap8_expand_pairs(fp_gap8_row *row, const fp_tap_maker *maker, fp_tap *tap) {
    const fp_tap_maker local = *maker; /* in registers: storing a tap cannot change it */
    const uint8_t *next = row->next;
    const uint8_t *const stop = fp_gap8_words_end(row);
    uint32_t index = row->index;
    for (; next != stop; next += 4) {
        const uint32_t word = load32_le(next);
        if (!fp_gap8_two_plain(word)) {
            break;
        }
        index += word & 0xFFu;
        *tap++ = fp_tap_make(&local, index, (uint8_t)((word >> 8) & 0xFFu));
        index += 1u + ((word >> 16) & 0xFFu);
        *tap++ = fp_tap_make(&local, index, (uint8_t)(word >> 24));
        index++;
    }
    row->next = next;
    row->index = index;
    return tap;
}

static inline uint32_t fp_gap8_dot_pairs(fp_gap8_row *row, const int8_t *in, uint32_t weights, uint32_t sum) {
    const uint8_t *next = row->next;
    const uint8_t *const stop = fp_gap8_words_end(row);
    uint32_t index = row->index;
    for (; next != stop; next += 4) {
        const uint32_t word = load32_le(next);
        if (!fp_gap8_two_plain(word)) {
            break;
        }
        const uint32_t first = index + (word & 0xFFu);
        const uint32_t second = first + 1u + ((word >> 16) & 0xFFu);
        if (second >= weights) {
            index = FP_GAP8_INDEX_BAD;
            break;
        }
        sum += (uint32_t)((int8_t)(uint8_t)((word >> 8) & 0xFFu) * in[first]);
        sum += (uint32_t)((int8_t)(uint8_t)(word >> 24) * in[second]);
        index = second + 1u;
    }
    row->next = next;
    row->index = index;
    return sum;
}

#endif
