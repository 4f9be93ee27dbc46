#include "fp_copy.h"

#include <stddef.h>
#include <string.h>

/* Whether a box lies inside `bytes` bytes. With steps below 2^31 and counts within the bytes, no sum leaves 64 bits. */
static int box_fits(uint32_t bytes, uint32_t offset, const uint32_t *count, const int32_t *step) {
    int64_t first = offset;
    int64_t last = offset;
    for (uint32_t axis = 0; axis < FP_COPY_AXES; axis++) {
        if (count[axis] == 0 || count[axis] > bytes) {
            return 0;
        }
        const int64_t reach = (int64_t)(count[axis] - 1u) * step[axis];
        first += reach < 0 ? reach : 0;
        last += reach < 0 ? 0 : reach;
    }
    return bytes <= INT32_MAX && first >= 0 && last < bytes;
}

static void copy_line(const fp_copy *copy, const int8_t *in, int8_t *out) {
    const uint32_t count = copy->count[2];
    const int32_t in_step = copy->in_step[2];
    const int32_t out_step = copy->out_step[2];
    if (in_step == 1 && out_step == 1) {
        memcpy(out, in, count);
        return;
    }
    for (uint32_t k = 0; k < count; k++) {
        out[(int32_t)k * out_step] = in[(int32_t)k * in_step];
    }
}

fp_status fp_copy_run(const fp_copy *copy, const int8_t *in, int8_t *out) {
    if (copy == NULL || in == NULL || out == NULL ||
        !box_fits(copy->in_bytes, copy->in_offset, copy->count, copy->in_step) ||
        !box_fits(copy->out_bytes, copy->out_offset, copy->count, copy->out_step)) {
        return FP_ERR_ARGUMENT;
    }
    if (copy->fill) {
        memset(out, copy->fill_value, copy->out_bytes);
    }
    in += copy->in_offset;
    out += copy->out_offset;
    for (uint32_t i = 0; i < copy->count[0]; i++) {
        const int8_t *const from = in + (ptrdiff_t)i * copy->in_step[0];
        int8_t *const to = out + (ptrdiff_t)i * copy->out_step[0];
        for (uint32_t j = 0; j < copy->count[1]; j++) {
            copy_line(copy, from + (ptrdiff_t)j * copy->in_step[1], to + (ptrdiff_t)j * copy->out_step[1]);
        }
    }
    return FP_OK;
}
