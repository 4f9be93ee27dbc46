/* Dot products of four rows of dense weights with one input. */
#ifndef FP_MVE_ROWS_H
#define FP_MVE_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "fp_conv_kernel.h"
#include "fp_mve.h"

/* Both variants define
 *
 *   static inline void fp_mve_add_rows(const uint8_t *row, uint32_t length, const int8_t *in, int32_t *sums);
 *       adds to four sums the products of four rows, one behind the other, with the same input; they wrap
 *
 *   static inline void fp_mve_finish_rows(const fp_conv *conv, uint32_t first, const int32_t *sums, int8_t *out);
 *       fp_conv_finish for four output channels from `first` on; `out` is the first one's
 */
#if FP_MVE_INSTRUCTIONS

#include <arm_mve.h>

static inline void fp_mve_add_rows(const uint8_t *row, uint32_t length, const int8_t *in, int32_t *sums) {
    int32_t s0 = sums[0], s1 = sums[1], s2 = sums[2], s3 = sums[3];
    const uint8_t *r0 = row, *r1 = r0 + length, *r2 = r1 + length, *r3 = r2 + length;
    __asm__ volatile("dlstp.8 lr, %[length]\n"
                     "1:\n\t"
                     "vldrb.u8 q0, [%[in]], #16\n\t"
                     "vldrb.u8 q1, [%[r0]], #16\n\t"
                     "vldrb.u8 q2, [%[r1]], #16\n\t"
                     "vmladava.s8 %[s0], q0, q1\n\t"
                     "vldrb.u8 q1, [%[r2]], #16\n\t"
                     "vmladava.s8 %[s1], q0, q2\n\t"
                     "vldrb.u8 q2, [%[r3]], #16\n\t"
                     "vmladava.s8 %[s2], q0, q1\n\t"
                     "vmladava.s8 %[s3], q0, q2\n\t"
                     "letp lr, 1b"
                     : [in] "+r"(in), [r0] "+r"(r0), [r1] "+r"(r1), [r2] "+r"(r2), [r3] "+r"(r3), [s0] "+Te"(s0),
                       [s1] "+Te"(s1), [s2] "+Te"(s2), [s3] "+Te"(s3)
                     : [length] "r"(length)
                     : "cc", "memory", "lr", "q0", "q1", "q2");
    sums[0] = s0;
    sums[1] = s1;
    sums[2] = s2;
    sums[3] = s3;
}

/* Any scale: VSHL wraps, and the sign of what is shifted right makes ties go away from zero. */
static inline void fp_mve_finish_rows(const fp_conv *conv, uint32_t first, const int32_t *sums, int8_t *out) {
    const int32_t *const multipliers = conv->multiplier;
    const int8_t *const shifts = conv->shift;
    const int32x4_t multiplier = conv->per_channel ? vldrwq_s32(multipliers + first) : vdupq_n_s32(*multipliers);
    const int32x4_t shift = conv->per_channel ? vldrbq_s32(shifts + first) : vdupq_n_s32(*shifts);
    const int32x4_t zero = vdupq_n_s32(0);
    const int32x4_t right = vminq_s32(shift, zero);
    const int32x4_t shifted = vshlq_s32(vldrwq_s32(sums), vmaxq_s32(shift, zero));
    const int32x4_t product = vqrdmulhq_s32(shifted, multiplier);
    const int32x4_t away = vshrq_n_s32(vandq_s32(product, right), 31);
    const int32x4_t scaled = vaddq_n_s32(vrshlq_s32(vqaddq_s32(product, away), right), conv->out.zero_point);
    const int32x4_t low = vdupq_n_s32(conv->activation_min), high = vdupq_n_s32(conv->activation_max);
    const uint32x4_t places = vmulq_n_u32(vidupq_n_u32(0, 1), conv->out.channel_pitch);
    vstrbq_scatter_offset_s32(out, places, vminq_s32(vmaxq_s32(scaled, low), high));
}

#else

static inline void fp_mve_add_rows(const uint8_t *row, uint32_t length, const int8_t *in, int32_t *sums) {
    for (uint32_t r = 0; r < 4u; r++) {
        uint32_t sum = (uint32_t)sums[r];
        for (uint32_t i = 0; i < length; i++) {
            sum += (uint32_t)((int8_t)*row++ * in[i]);
        }
        sums[r] = (int32_t)sum;
    }
}

static inline void fp_mve_finish_rows(const fp_conv *conv, uint32_t first, const int32_t *sums, int8_t *out) {
    for (uint32_t i = 0; i < 4u; i++) {
        const fp_conv_channel channel = fp_conv_channel_of(conv, first + i, NULL);
        out[i * conv->out.channel_pitch] = fp_conv_finish(conv, &channel, sums[i]);
    }
}

#endif
#endif
