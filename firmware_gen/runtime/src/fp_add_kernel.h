/* The seam between addition and what adds rows: fp_add_run, and convolutions that add to what they compute. */
#ifndef FP_ADD_KERNEL_H
#define FP_ADD_KERNEL_H

#include <stdint.h>

#include "fp_add.h"
#include "fp_requant.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The arithmetic in the form the loops want it. `exact` is for scales without a short form; then only that is set.
 *
 * The table takes 1 KB of the stack while an addition runs. An entry needs more than 16 bits: 255 << 21 and rounding.
 * Without it every element would be rescaled twice; in the arena it would lie beside three tensors at the busiest call
 * of a residual network, for good, where the stack is free again after it. */
typedef struct fp_add_plan {
    int32_t table[256]; /* by uint8 of the finer input */
    uint8_t exact;
    uint8_t first_is_fine; /* the first input is looked up in `table`, else the second */
    int32_t coarse_unit;   /* what the other is multiplied with */
    fp_requant_short sum;
} fp_add_plan;

/* FP_ERR_ARGUMENT unless shapes and scales are as fp_add.h asks for. */
fp_status fp_add_check(const fp_add *add);

/* For an addition that fp_add_check likes. */
void fp_add_prepare(const fp_add *add, fp_add_plan *plan);

/* `count` neighbouring elements; `out` may be either input. */
void fp_add_row(const fp_add *add, const fp_add_plan *plan, const int8_t *first, const int8_t *second, int8_t *out,
                uint32_t count);

#ifdef __cplusplus
}
#endif
#endif
