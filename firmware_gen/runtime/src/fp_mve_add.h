/* Adding two rows of int8 values, the one looked up and the other multiplied, four at a time. */
#ifndef FP_MVE_ADD_H
#define FP_MVE_ADD_H

#include <stdint.h>

#include "fp_add_kernel.h"
#include "fp_mve.h"

/* Both variants define
 *
 *   static inline void fp_mve_add_row(const fp_add_plan *plan, const int8_t *coarse, const int8_t *fine, int8_t *out,
 *                                     uint32_t count);
 *       `count` (not 0) elements, saturated to int8; `out` may be an input. The plan is not `exact`.
 */
#if FP_MVE_INSTRUCTIONS

/* What is looked up and the sum are doubled; VQRDMLAH doubles on its own. */
static inline void fp_mve_add_row(const fp_add_plan *plan, const int8_t *coarse, const int8_t *fine, int8_t *out,
                                  uint32_t count) {
    __asm__ volatile(
        "dlstp.32 lr, %[count]\n"
        "1:\n\t"
        "vldrb.u32 q0, [%[fine]], #4\n\t"
        "vldrw.u32 q1, [%[table], q0, uxtw #2]\n\t"
        "vldrb.s32 q0, [%[coarse]], #4\n\t"
        "vmla.s32 q1, q0, %[unit]\n\t"
        "vshr.s32 q0, q1, #31\n\t"
        "vshr.s32 q1, q1, #1\n\t"
        "vadd.i32 q0, q0, %[addend]\n\t"
        "vqrdmlah.s32 q0, q1, %[multiplier]\n\t"
        "vshl.s32 q0, %[shift]\n\t"
        "vqmovnb.s32 q0, q0\n\t"
        "vqmovnb.s16 q0, q0\n\t"
        "vstrb.32 q0, [%[out]], #4\n\t"
        "letp lr, 1b"
        : [fine] "+l"(fine), [coarse] "+l"(coarse), [out] "+l"(out)
        : [count] "r"(count), [table] "r"(plan->table), [unit] "r"(plan->coarse_unit), [addend] "r"(plan->sum.addend),
          [multiplier] "r"(plan->sum.multiplier), [shift] "r"(-plan->sum.exponent)
        : "cc", "memory", "lr", "q0", "q1");
}

#else

static inline void fp_mve_add_row(const fp_add_plan *plan, const int8_t *coarse, const int8_t *fine, int8_t *out,
                                  uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        const int32_t twice = plan->table[(uint8_t)fine[i]] + coarse[i] * plan->coarse_unit;
        out[i] = fp_clamp(fp_requant_short_apply(&plan->sum, twice), INT8_MIN, INT8_MAX);
    }
}

#endif
#endif
