/* Adding two rows of int8 values after scaling the one, four at a time. */
#ifndef FP_MVE_ADD_H
#define FP_MVE_ADD_H

#include <stddef.h>
#include <stdint.h>

#include "fp_mve.h"
#include "fp_requant.h"

/* out = sum(coarse * coarse_unit + fine(fine * fine_unit + fine_start) + coarse_start), clamped; `fine` and `sum` are
 * short requantisations. */
typedef struct fp_mve_sum {
    int32_t fine_start;
    int32_t fine_unit;
    fp_requant_short fine;
    int32_t coarse_start;
    int32_t coarse_unit;
    fp_requant_short sum;
    int32_t low;
    int32_t high;
} fp_mve_sum;

/* Both variants define
 *
 *   static inline void fp_mve_add_row(const fp_mve_sum *plan, const int8_t *coarse, const int8_t *fine, int8_t *out,
 *                                     uint32_t count);
 *       `count` (not 0) elements; `out` may be an input
 */
#if FP_MVE_INSTRUCTIONS

#define FP_MVE_SUM_AT(name, member) [name] "i"(offsetof(fp_mve_sum, member))

static inline void fp_mve_add_row(const fp_mve_sum *plan, const int8_t *coarse, const int8_t *fine, int8_t *out,
                                  uint32_t count) {
    uint32_t a;
    __asm__ volatile("ldr %[a], [%[plan], %[low]]\n\t"
                     "vdup.32 q4, %[a]\n\t"
                     "ldr %[a], [%[plan], %[high]]\n\t"
                     "vdup.32 q5, %[a]\n\t"
                     "ldr %[a], [%[plan], %[fine_start]]\n\t"
                     "vdup.32 q6, %[a]\n\t"
                     "ldr %[a], [%[plan], %[coarse_start]]\n\t"
                     "vdup.32 q7, %[a]\n\t"
                     "ldr %[a], [%[plan], %[fine_addend]]\n\t"
                     "vdup.32 q2, %[a]\n\t"
                     "ldr %[a], [%[plan], %[sum_addend]]\n\t"
                     "vdup.32 q3, %[a]\n\t"
                     "ldr %[a], [%[plan], %[coarse_unit]]\n\t"
                     "dlstp.32 lr, %[count]\n"
                     "1:\n\t"
                     "vldrb.s32 q0, [%[fine]], #4\n\t"
                     "vmul.i32 q0, q0, %[fine_unit]\n\t"
                     "vadd.i32 q0, q0, q6\n\t"
                     "vshr.s32 q1, q0, #31\n\t"
                     "vadd.i32 q1, q1, q2\n\t"
                     "vqrdmlah.s32 q1, q0, %[fine_multiplier]\n\t"
                     "vshl.s32 q1, %[fine_shift]\n\t"
                     "vldrb.s32 q0, [%[coarse]], #4\n\t"
                     "vmla.s32 q1, q0, %[a]\n\t"
                     "vadd.i32 q1, q1, q7\n\t"
                     "vshr.s32 q0, q1, #31\n\t"
                     "vadd.i32 q0, q0, q3\n\t"
                     "vqrdmlah.s32 q0, q1, %[sum_multiplier]\n\t"
                     "vshl.s32 q0, %[sum_shift]\n\t"
                     "vmax.s32 q0, q0, q4\n\t"
                     "vmin.s32 q0, q0, q5\n\t"
                     "vstrb.32 q0, [%[out]], #4\n\t"
                     "letp lr, 1b"
                     : [fine] "+l"(fine), [coarse] "+l"(coarse), [out] "+l"(out), [a] "=&r"(a)
                     : [plan] "r"(plan), [count] "r"(count), [fine_unit] "r"(plan->fine_unit),
                       [fine_multiplier] "r"(plan->fine.multiplier), [fine_shift] "r"(-plan->fine.exponent),
                       [sum_multiplier] "r"(plan->sum.multiplier), [sum_shift] "r"(-plan->sum.exponent),
                       FP_MVE_SUM_AT(low, low), FP_MVE_SUM_AT(high, high), FP_MVE_SUM_AT(fine_start, fine_start),
                       FP_MVE_SUM_AT(coarse_start, coarse_start), FP_MVE_SUM_AT(coarse_unit, coarse_unit),
                       FP_MVE_SUM_AT(sum_addend, sum.addend), FP_MVE_SUM_AT(fine_addend, fine.addend)
                     : "cc", "memory", "lr", "q0", "q1", "q2", "q3", "q4", "q5", "q6", "q7");
}

#else

static inline void fp_mve_add_row(const fp_mve_sum *plan, const int8_t *coarse, const int8_t *fine, int8_t *out,
                                  uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        const int32_t scaled = fp_requant_short_apply(&plan->fine, 2 * (fine[i] * plan->fine_unit + plan->fine_start));
        const int32_t sum = coarse[i] * plan->coarse_unit + scaled + plan->coarse_start;
        out[i] = fp_clamp(fp_requant_short_apply(&plan->sum, 2 * sum), plan->low, plan->high);
    }
}

#endif
#endif
