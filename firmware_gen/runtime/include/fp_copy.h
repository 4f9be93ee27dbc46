/* Copying a box of bytes from one tensor to a place in another: padding, concatenation, slices, transposition, and
 * resizing by whole numbers are each one or a few such copies. */
#ifndef FP_COPY_H
#define FP_COPY_H

#include <stdint.h>

#include "fp_status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FP_COPY_AXES 3

/* Byte (i, j, k), each below its count, goes from in[in_offset + i * in_step[0] + j * in_step[1] + k * in_step[2]] to
 * the same place of `out`. */
typedef struct fp_copy {
    uint32_t in_bytes;  /* size of the tensor read, below 2^31 */
    uint32_t out_bytes; /* size of the tensor written, below 2^31 */
    uint32_t in_offset;
    uint32_t out_offset;
    uint32_t count[FP_COPY_AXES];  /* outermost first; not 0 */
    int32_t in_step[FP_COPY_AXES]; /* bytes; negative steps walk backwards */
    int32_t out_step[FP_COPY_AXES];
    uint8_t fill;      /* 1: every byte of `out`, halo included, gets fill_value first */
    int8_t fill_value; /* its zero point */
} fp_copy;

/* `in` and `out` do not overlap. */
fp_status fp_copy_run(const fp_copy *copy, const int8_t *in, int8_t *out);

#ifdef __cplusplus
}
#endif
#endif
