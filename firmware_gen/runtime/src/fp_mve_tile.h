/* Four output positions of many channels: their inputs side by side, then rows of dense weights against them. */
#ifndef FP_MVE_TILE_H
#define FP_MVE_TILE_H

#include <stddef.h>
#include <stdint.h>

#include "fp_conv_places.h"
#include "fp_mve.h"
#include "fp_requant.h"

/* The inputs of four positions, 16 taps of each together: byte i of position p lies at FP_MVE_COLUMN(i) + 16 p. */
#define FP_MVE_COLUMN(tap) (((tap) / 16u) * 64u + (tap) % 16u)

/* Four positions of output channels whose rows of weights follow one another. */
typedef struct fp_mve_tile {
    const int8_t *columns; /* 4-byte aligned */
    const uint8_t *row;    /* of the first channel */
    const uint8_t *stop;   /* behind the last row */
    uint32_t taps;         /* a row; not 0 */
    const int32_t *bias;   /* of the first channel, as the next two */
    const int32_t *multiplier;
    const int8_t *shift;    /* all of them fit the short requantisation */
    uint32_t scale_step;    /* 1: a multiplier and a shift for each channel; 0: one for all */
    int32_t twice_zero_one; /* 2 * zero point of the output + 1; shifted left by exponent - 1 it is the addend */
    uint32_t pitch;         /* bytes from an output channel to the next */
    uint32_t to_next_row;   /* what a row's whole vectors reach too far, negated */
    const uint32_t *places; /* [FP_PLACES]: bytes from an output channel's first element */
} fp_mve_tile;

/* Both variants define
 *
 *   static inline void fp_mve_copy_columns(const fp_places *at, const uint16_t *offsets, uint32_t count, int8_t
 * *columns, uint32_t from); the bytes at `count` offsets into four windows become taps `from`, a multiple of eight, and
 * on
 *
 *   static inline void fp_mve_tile_rows(const fp_mve_tile *tile, int8_t *out);
 *       all channels' outputs at four places of them, saturated to int8; `out` is the first channel's element (0, 0)
 */
#if FP_MVE_INSTRUCTIONS

/* Eight taps a turn; the place of the next eight is 8 or, behind 16, 56 bytes on. */
static inline void fp_mve_copy_columns(const fp_places *at, const uint16_t *offsets, uint32_t count, int8_t *columns,
                                       uint32_t from) {
    int8_t *to = columns + FP_MVE_COLUMN(from);
    uint32_t step = from % 16u == 0 ? 8u : 56u;
    __asm__ volatile("dlstp.16 lr, %[count]\n"
                     "1:\n\t"
                     "vldrh.u16 q0, [%[offsets]], #16\n\t"
                     "vldrb.u16 q1, [%[w0], q0]\n\t"
                     "vstrb.16 q1, [%[to]]\n\t"
                     "vldrb.u16 q1, [%[w1], q0]\n\t"
                     "vstrb.16 q1, [%[to], #16]\n\t"
                     "vldrb.u16 q1, [%[w2], q0]\n\t"
                     "vstrb.16 q1, [%[to], #32]\n\t"
                     "vldrb.u16 q1, [%[w3], q0]\n\t"
                     "vstrb.16 q1, [%[to], #48]\n\t"
                     "add %[to], %[to], %[step]\n\t"
                     "eor %[step], %[step], #48\n\t"
                     "letp lr, 1b"
                     : [offsets] "+r"(offsets), [to] "+l"(to), [step] "+r"(step)
                     : [count] "r"(count), [w0] "r"(at->window[0]), [w1] "r"(at->window[1]), [w2] "r"(at->window[2]),
                       [w3] "r"(at->window[3])
                     : "cc", "memory", "lr", "q0", "q1");
}

#define FP_MVE_TILE_AT(name, member) [name] "i"(offsetof(fp_mve_tile, member))

/* Registers are handed out here: sums in r0, r2, r4 and r6 (VMLADAV takes even ones only), r1 row, r3 columns, r5
 * output, r7 bias, r8 multiplier, r9 shift, r10 taps, r12 the struct. The last turn of a row loads, and multiplies,
 * only as many bytes as are left. */
__attribute__((noinline)) static void fp_mve_tile_rows(const fp_mve_tile *tile, int8_t *out) {
    register const fp_mve_tile *r12 __asm__("r12") = tile;
    register int8_t *r5 __asm__("r5") = out;
    __asm__ volatile("ldr r1, [r12, %[row]]\n\t"
                     "ldr r7, [r12, %[bias]]\n\t"
                     "ldrd r8, r9, [r12, %[multiplier]]\n\t"
                     "ldr r10, [r12, %[taps]]\n\t"
                     "ldr r3, [r12, %[places]]\n\t"
                     "vldrw.u32 q7, [r3]\n"
                     "2:\n\t"
                     "ldr r0, [r7], #4\n\t"
                     "mov r2, r0\n\t"
                     "mov r4, r0\n\t"
                     "mov r6, r0\n\t"
                     "ldr r3, [r12, %[columns]]\n\t"
                     "dlstp.8 lr, r10\n"
                     "1:\n\t"
                     "vldrb.u8 q0, [r1], #16\n\t"
                     "vldrw.u32 q1, [r3], #64\n\t"
                     "vldrw.u32 q2, [r3, #-48]\n\t"
                     "vldrw.u32 q3, [r3, #-32]\n\t"
                     "vmladava.s8 r0, q0, q1\n\t"
                     "vldrw.u32 q1, [r3, #-16]\n\t"
                     "vmladava.s8 r2, q0, q2\n\t"
                     "vmladava.s8 r4, q0, q3\n\t"
                     "vmladava.s8 r6, q0, q1\n\t"
                     "letp lr, 1b\n\t"
                     "vmov q0[2], q0[0], r0, r4\n\t"
                     "vmov q0[3], q0[1], r2, r6\n\t"
                     "ldrsb r0, [r9]\n\t"
                     "ldr r2, [r8]\n\t"
                     "ldr r4, [r12, %[twice_zero_one]]\n\t"
                     "mvn r6, r0\n\t"
                     "lsl r4, r4, r6\n\t"
                     "vshr.s32 q1, q0, #31\n\t"
                     "vadd.i32 q1, q1, r4\n\t"
                     "vqrdmlah.s32 q1, q0, r2\n\t"
                     "vshl.s32 q1, r0\n\t"
                     "vqmovnb.s32 q1, q1\n\t"
                     "vqmovnb.s16 q1, q1\n\t"
                     "vstrb.32 q1, [r5, q7]\n\t"
                     "ldr r0, [r12, %[scale_step]]\n\t"
                     "ldrd r2, r4, [r12, %[pitch]]\n\t"
                     "ldr r6, [r12, %[stop]]\n\t"
                     "add r9, r9, r0\n\t"
                     "add r8, r8, r0, lsl #2\n\t"
                     "add r5, r5, r2\n\t"
                     "add r1, r1, r4\n\t"
                     "cmp r1, r6\n\t"
                     "bne 2b"
                     : "+r"(r5)
                     : "r"(r12), FP_MVE_TILE_AT(row, row), FP_MVE_TILE_AT(bias, bias),
                       FP_MVE_TILE_AT(multiplier, multiplier), FP_MVE_TILE_AT(taps, taps),
                       FP_MVE_TILE_AT(places, places), FP_MVE_TILE_AT(columns, columns),
                       FP_MVE_TILE_AT(twice_zero_one, twice_zero_one), FP_MVE_TILE_AT(scale_step, scale_step),
                       FP_MVE_TILE_AT(pitch, pitch), FP_MVE_TILE_AT(stop, stop)
                     : "cc", "memory", "r0", "r1", "r2", "r3", "r4", "r6", "r7", "r8", "r9", "r10", "lr", "q0", "q1",
                       "q2", "q3", "q7");
}

#else

static inline void fp_mve_copy_columns(const fp_places *at, const uint16_t *offsets, uint32_t count, int8_t *columns,
                                       uint32_t from) {
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t p = 0; p < FP_PLACES; p++) {
            columns[FP_MVE_COLUMN(from + i) + 16u * p] = at->window[p][offsets[i]];
        }
    }
}

static inline int8_t fp_mve_tile_output(const fp_mve_tile *tile, const uint8_t *row, uint32_t channel, uint32_t p) {
    const uint32_t scale = channel * tile->scale_step;
    const int32_t exponent = -tile->shift[scale];
    const fp_requant_short requant = {tile->multiplier[scale],
                                      (int32_t)((uint32_t)tile->twice_zero_one << (exponent - 1)), exponent};
    uint32_t sum = (uint32_t)tile->bias[channel];
    for (uint32_t i = 0; i < tile->taps; i++) {
        sum += (uint32_t)((int8_t)row[i] * tile->columns[FP_MVE_COLUMN(i) + 16u * p]);
    }
    return fp_clamp(fp_requant_short_apply(&requant, 2 * (int32_t)sum), INT8_MIN, INT8_MAX);
}

static inline void fp_mve_tile_rows(const fp_mve_tile *tile, int8_t *out) {
    uint32_t channel = 0;
    for (const uint8_t *row = tile->row; row != tile->stop; row += tile->taps) {
        for (uint32_t p = 0; p < FP_PLACES; p++) {
            out[tile->places[p]] = fp_mve_tile_output(tile, row, channel, p);
        }
        channel++;
        out += tile->pitch;
    }
}

#endif
#endif
