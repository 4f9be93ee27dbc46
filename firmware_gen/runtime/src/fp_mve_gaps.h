/* Expanding rows of FP_ENCODING_GAP8 into blocks of fp_mve_dots.h, eight kept weights at a time. */
#ifndef FP_MVE_GAPS_H
#define FP_MVE_GAPS_H

#include <stddef.h>
#include <stdint.h>

#include "fp_bytes.h"
#include "fp_gap8.h"
#include "fp_mve.h"
#include "fp_mve_dots.h"

/* The offset of weight i is i * step + (i * row_share >> 16) * row + (i * channel_share >> 16) * channel, modulo 2^16:
 * the shares, 2^16 / kernel width and area rounded up, count kernel rows and input channels. */
typedef struct fp_mve_places {
    uint32_t step;
    uint32_t row;
    uint32_t channel;
    uint32_t row_share;
    uint32_t channel_share;
} fp_mve_places;

static inline uint16_t fp_mve_place_of(const fp_mve_places *places, uint32_t index) {
    return (uint16_t)(index * places->step + (index * places->row_share >> 16) * places->row +
                      (index * places->channel_share >> 16) * places->channel);
}

/* Both variants define
 *
 *   static inline uint16_t *fp_mve_gaps_plain(fp_gap8_row *row, const fp_mve_places *places, uint16_t *block);
 *       writes blocks while the next eight kept weights, or all that are left, have neither an escape nor a weight of
 * 0; returns where the next block goes. The weights left over in a last block are 0, their offsets too. Reads nothing
 *       at an index, so the caller may check row->index afterwards.
 */
#if FP_MVE_INSTRUCTIONS

#define FP_MVE_PLACES_AT(name, member) [name] "i"(offsetof(fp_mve_places, member))

/* Lanes shifted up by a half, or by a word, and added. */
#define FP_MVE_SCAN(bits)                                                                                              \
    "mov %[t], #0\n\t"                                                                                                 \
    "vmov q2, q1\n\t"                                                                                                  \
    "vshlc q2, %[t], #" bits "\n\t"

/* q0 pairs, then weights; q1 gaps, then their sums so far, then indices, then offsets. A pair is bad where a byte of
 * pair ^ 0x00FF is 0. `left` counts weights and ends at 0 or below. */
static inline uint16_t *fp_mve_gaps_plain(fp_gap8_row *row, const fp_mve_places *places, uint16_t *block) {
    const uint8_t *next = row->next;
    int32_t left = (int32_t)((row->row_end - next) / 2);
    uint32_t index = row->index, t;
    if (left == 0) {
        return block;
    }
    __asm__ volatile("ldr %[t], [%[places], %[row_share]]\n\t"
                     "vdup.16 q6, %[t]\n\t"
                     "ldr %[t], [%[places], %[channel_share]]\n\t"
                     "vdup.16 q5, %[t]\n\t"
                     "vmov.i16 q4, #0xFF\n\t"
                     "mov %[t], #0\n\t"
                     "vidup.u16 q7, %[t], #1\n"
                     "1:\n\t"
                     "vctp.16 %[left]\n\t"
                     "vpst\n\t"
                     "vldrht.u16 q0, [%[next]]\n\t"
                     "veor q1, q0, q4\n\t"
                     "vpst\n\t"
                     "vcmpt.i8 eq, q1, zr\n\t"
                     "vmrs %[t], p0\n\t"
                     "lsls %[t], %[t], #16\n\t"
                     "bne 2f\n\t"
                     "vand q1, q0, q4\n\t"
                     "vshr.s16 q0, q0, #8\n\t"
                     "vadd.i16 q3, q7, %[index]\n\t"
                     "vaddva.u16 %[index], q1\n\t"
                     "add %[index], %[index], #8\n\t" FP_MVE_SCAN("16") "vadd.i16 q1, q1, q2\n\t" FP_MVE_SCAN(
                         "32") "vadd.i16 q1, q1, q2\n\t" FP_MVE_SCAN("32") "mov %[t], #0\n\t"
                                                                           "vshlc q2, %[t], #32\n\t"
                                                                           "vadd.i16 q1, q1, q2\n\t"
                                                                           "vadd.i16 q1, q1, q3\n\t"
                                                                           "ldr %[t], [%[places], %[row]]\n\t"
                                                                           "vmulh.u16 q2, q1, q6\n\t"
                                                                           "vmulh.u16 q3, q1, q5\n\t"
                                                                           "vmul.i16 q1, q1, %[step]\n\t"
                                                                           "vmla.s16 q1, q2, %[t]\n\t"
                                                                           "vmla.s16 q1, q3, %[channel]\n\t"
                                                                           "vstrh.16 q1, [%[block]], #32\n\t"
                                                                           "vstrh.16 q0, [%[block], #-16]\n\t"
                                                                           "add %[next], %[next], #16\n\t"
                                                                           "subs %[left], %[left], #8\n\t"
                                                                           "bgt 1b\n"
                                                                           "2:"
                     : [next] "+l"(next), [left] "+r"(left), [index] "+Te"(index), [block] "+r"(block), [t] "=&Te"(t)
                     : [places] "r"(places), [step] "r"(places->step), [channel] "r"(places->channel),
                       FP_MVE_PLACES_AT(row, row), FP_MVE_PLACES_AT(row_share, row_share),
                       FP_MVE_PLACES_AT(channel_share, channel_share)
                     : "cc", "memory", "q0", "q1", "q2", "q3", "q4", "q5", "q6", "q7");
    for (int32_t over = left; over < 0; over++) {
        block[over - (int32_t)FP_MVE_DOTS] = 0;
        index--;
        next -= 2;
    }
    row->next = next;
    row->index = index;
    return block;
}

#else

static inline uint16_t *fp_mve_gaps_plain(fp_gap8_row *row, const fp_mve_places *places, uint16_t *block) {
    while (row->next != row->row_end) {
        const uint32_t left = (uint32_t)(row->row_end - row->next) / 2u;
        const uint32_t count = left < FP_MVE_DOTS ? left : FP_MVE_DOTS;
        for (uint32_t i = 0; i < count; i++) {
            if (row->next[2u * i] == FP_GAP8_ESCAPE || row->next[2u * i + 1u] == 0) {
                return block;
            }
        }
        memset(block, 0, 2u * FP_MVE_DOTS * sizeof *block);
        for (uint32_t i = 0; i < count; i++, row->next += 2) {
            block[i] = fp_mve_place_of(places, row->index + row->next[0]);
            block[FP_MVE_DOTS + i] = (uint16_t)(int8_t)row->next[1];
            row->index += row->next[0] + 1u;
        }
        block += 2u * FP_MVE_DOTS;
    }
    return block;
}

#endif
#endif
