/* The largest of two by two inputs, for sixteen outputs at a time. */
#ifndef FP_MVE_POOL_H
#define FP_MVE_POOL_H

#include <stdint.h>

#include "fp_mve.h"

#define FP_MVE_BYTES 16u

/* Where outputs and their windows' first elements lie, from the first one's; in row after row. */
typedef struct fp_mve_pool {
    uint8_t in[FP_MVE_BYTES];
    uint8_t out[FP_MVE_BYTES];
} fp_mve_pool;

/* Both variants define
 *
 *   static inline void fp_mve_max_of_four(const fp_mve_pool *places, uint32_t pitch, const int8_t *in, int8_t *out,
 *                                         uint32_t count);
 *       the first `count` of them, 1 to 16; the input's rows lie `pitch` bytes apart
 */
#if FP_MVE_INSTRUCTIONS

static inline void fp_mve_max_of_four(const fp_mve_pool *places, uint32_t pitch, const int8_t *in, int8_t *out,
                                      uint32_t count) {
    __asm__ volatile("vldrb.u8 q2, [%[places]]\n\t"
                     "vldrb.u8 q3, [%[places], #16]\n\t"
                     "vctp.8 %[count]\n\t"
                     "vpstt\n\t"
                     "vldrbt.u8 q0, [%[in], q2]\n\t"
                     "vldrbt.u8 q1, [%[right], q2]\n\t"
                     "vmax.s8 q0, q0, q1\n\t"
                     "vpst\n\t"
                     "vldrbt.u8 q1, [%[below], q2]\n\t"
                     "vmax.s8 q0, q0, q1\n\t"
                     "vpst\n\t"
                     "vldrbt.u8 q1, [%[last], q2]\n\t"
                     "vmax.s8 q0, q0, q1\n\t"
                     "vpst\n\t"
                     "vstrbt.8 q0, [%[out], q3]"
                     :
                     : [places] "r"(places), [count] "r"(count), [in] "r"(in), [right] "r"(in + 1),
                       [below] "r"(in + pitch), [last] "r"(in + pitch + 1), [out] "r"(out)
                     : "memory", "q0", "q1", "q2", "q3");
}

#else

static inline void fp_mve_max_of_four(const fp_mve_pool *places, uint32_t pitch, const int8_t *in, int8_t *out,
                                      uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        const int8_t *const window = in + places->in[i];
        const int8_t above = window[0] > window[1] ? window[0] : window[1];
        const int8_t below = window[pitch] > window[pitch + 1u] ? window[pitch] : window[pitch + 1u];
        out[places->out[i]] = above > below ? above : below;
    }
}

#endif
#endif
