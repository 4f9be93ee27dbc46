/* Dot products over blocks of eight kept weights, at four output positions at a time.
 *
 * A block is 16 halves: eight 16-bit offsets from a window's first element, then the weights there. What is left over
 * of the last block has weights of 0.
 */
#ifndef FP_MVE_DOTS_H
#define FP_MVE_DOTS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "fp_mve.h"
#include "fp_requant.h"
#include "fp_taps.h"

#define FP_MVE_DOTS 8u

/* One output channel. Positions are two pairs of neighbours. */
typedef struct fp_mve_dots {
    const uint16_t *blocks; /* 4-byte aligned */
    uint32_t count;         /* of blocks; not 0 */
    int32_t bias;
    uint32_t stride; /* bytes from a window to its neighbour's */
    uint32_t second; /* bytes from the first pair's first window to the second pair's */
    fp_requant_short requant;
    uint32_t places[4]; /* of the outputs, in bytes */
} fp_mve_dots;

/* Both variants define
 *
 *   static inline void fp_mve_dots_of_taps(uint32_t *list, uint32_t taps);
 *       makes a list of taps whose offsets are below 2^16 blocks, in place; there is room for the last block
 *
 *   static inline void fp_mve_dots_run(const fp_mve_dots *dots, const int8_t *window, int8_t *out);
 *       the four outputs, saturated to int8
 */
#if FP_MVE_INSTRUCTIONS

/* The halves of a tap: the offset's low seven bits and twice the weight; the offset's other bits. */
static inline void fp_mve_dots_of_taps(uint32_t *list, uint32_t taps) {
    uint32_t blocks = (taps + FP_MVE_DOTS - 1u) / FP_MVE_DOTS;
    for (uint32_t i = taps; i < blocks * FP_MVE_DOTS; i++) {
        list[i] = 0;
    }
    __asm__ volatile("dls lr, %[blocks]\n"
                     "1:\n\t"
                     "vld20.16 {q0, q1}, [%[list]]\n\t"
                     "vld21.16 {q0, q1}, [%[list]]\n\t"
                     "vshl.i16 q1, q1, #7\n\t"
                     "vsri.16 q1, q0, #9\n\t"
                     "vshl.i16 q0, q0, #7\n\t"
                     "vshr.s16 q0, q0, #8\n\t"
                     "vstrw.32 q1, [%[list]], #32\n\t"
                     "vstrw.32 q0, [%[list], #-16]\n\t"
                     "le lr, 1b"
                     : [list] "+r"(list)
                     : [blocks] "r"(blocks)
                     : "cc", "memory", "lr", "q0", "q1");
}

#define FP_MVE_DOTS_AT(name, member) [name] "i"(offsetof(fp_mve_dots, member))

static inline void fp_mve_dots_run(const fp_mve_dots *dots, const int8_t *window, int8_t *out) {
    const uint16_t *block = dots->blocks;
    const int8_t *w0 = window, *w1 = w0 + dots->stride, *w2 = w0 + dots->second, *w3 = w1 + dots->second;
    int32_t s0, s1, s2, s3;
    s0 = s1 = s2 = s3 = dots->bias;
    __asm__ volatile("ldr lr, [%[dots], %[count]]\n\t"
                     "dls lr, lr\n"
                     "1:\n\t"
                     "vldrw.u32 q0, [%[block]], #32\n\t"
                     "vldrw.u32 q1, [%[block], #-16]\n\t"
                     "vldrb.s16 q2, [%[w0], q0]\n\t"
                     "vldrb.s16 q3, [%[w1], q0]\n\t"
                     "vmladava.s16 %[s0], q1, q2\n\t"
                     "vldrb.s16 q2, [%[w2], q0]\n\t"
                     "vmladava.s16 %[s1], q1, q3\n\t"
                     "vldrb.s16 q3, [%[w3], q0]\n\t"
                     "vmladava.s16 %[s2], q1, q2\n\t"
                     "vmladava.s16 %[s3], q1, q3\n\t"
                     "le lr, 1b\n\t"
                     "vmov q0[2], q0[0], %[s0], %[s2]\n\t"
                     "vmov q0[3], q0[1], %[s1], %[s3]\n\t"
                     "vldrw.u32 q2, [%[dots], %[places]]\n\t"
                     "ldr %[w0], [%[dots], %[addend]]\n\t"
                     "ldr %[w1], [%[dots], %[multiplier]]\n\t"
                     "ldr %[w2], [%[dots], %[exponent]]\n\t"
                     "rsb %[w2], %[w2], #0\n\t"
                     "vshr.s32 q1, q0, #31\n\t"
                     "vadd.i32 q1, q1, %[w0]\n\t"
                     "vqrdmlah.s32 q1, q0, %[w1]\n\t"
                     "vshl.s32 q1, %[w2]\n\t"
                     "vqmovnb.s32 q1, q1\n\t"
                     "vqmovnb.s16 q1, q1\n\t"
                     "vstrb.32 q1, [%[out], q2]"
                     : [block] "+r"(block), [w0] "+r"(w0), [w1] "+r"(w1), [w2] "+r"(w2), [w3] "+r"(w3), [s0] "+Te"(s0),
                       [s1] "+Te"(s1), [s2] "+Te"(s2), [s3] "+Te"(s3)
                     : [dots] "r"(dots), [out] "r"(out), FP_MVE_DOTS_AT(count, count), FP_MVE_DOTS_AT(places, places),
                       FP_MVE_DOTS_AT(addend, requant.addend), FP_MVE_DOTS_AT(multiplier, requant.multiplier),
                       FP_MVE_DOTS_AT(exponent, requant.exponent)
                     : "cc", "memory", "lr", "q0", "q1", "q2", "q3");
}

#else

static inline void fp_mve_dots_of_taps(uint32_t *list, uint32_t taps) {
    for (uint32_t start = 0; start < taps; start += FP_MVE_DOTS) {
        uint16_t block[2u * FP_MVE_DOTS] = {0};
        for (uint32_t i = 0; i < FP_MVE_DOTS && start + i < taps; i++) {
            block[i] = (uint16_t)FP_TAP_OFFSET(list[start + i]);
            block[FP_MVE_DOTS + i] = (uint16_t)FP_TAP_WEIGHT(list[start + i]);
        }
        memcpy(list + start, block, sizeof block);
    }
}

static inline int8_t fp_mve_dot(const fp_mve_dots *dots, const int8_t *window) {
    const uint16_t *block = dots->blocks;
    uint32_t sum = (uint32_t)dots->bias;
    for (uint32_t b = 0; b < dots->count; b++, block += 2u * FP_MVE_DOTS) {
        for (uint32_t i = 0; i < FP_MVE_DOTS; i++) {
            sum += (uint32_t)((int16_t)block[FP_MVE_DOTS + i] * window[block[i]]);
        }
    }
    return fp_clamp(fp_requant_short_apply(&dots->requant, 2 * (int32_t)sum), INT8_MIN, INT8_MAX);
}

static inline void fp_mve_dots_run(const fp_mve_dots *dots, const int8_t *window, int8_t *out) {
    for (uint32_t i = 0; i < 4u; i++) {
        const uint32_t at = (i & 1u) * dots->stride + (i >> 1) * dots->second;
        out[dots->places[i]] = fp_mve_dot(dots, window + at);
    }
}

#endif
#endif
