/* Average and maximum pooling, int8, as TensorFlow Lite Micro's reference kernels compute them. */
#ifndef FP_POOL_H
#define FP_POOL_H

#include <stdint.h>

#include "fp_plane.h"
#include "fp_status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum fp_pool_kind { FP_POOL_AVERAGE = 0, FP_POOL_MAX = 1 } fp_pool_kind;

typedef struct fp_pool {
    fp_plane in;
    fp_plane out; /* same channels as `in` */
    uint8_t kind; /* enum fp_pool_kind */
    uint8_t kernel_height;
    uint8_t kernel_width;
    uint8_t stride_height;
    uint8_t stride_width;
    uint8_t pad_top; /* positions outside the input are left out, of the average's divisor too */
    uint8_t pad_left;
    int8_t activation_min;
    int8_t activation_max;
} fp_pool;

/* `in` and `out` do not overlap; `out` gets its halo filled. */
fp_status fp_pool_run(const fp_pool *pool, const int8_t *in, int8_t *out);

#ifdef __cplusplus
}
#endif
#endif
