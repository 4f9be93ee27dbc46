/* Which output positions a kernel's element or a pooling window meets along one axis. */
#ifndef FP_WINDOW_H
#define FP_WINDOW_H

#include <stdint.h>

typedef struct fp_span {
    uint32_t first; /* output positions [first, end) lie inside the input */
    uint32_t end;
    int32_t from; /* input position of output position 0 */
} fp_span;

static inline fp_span fp_span_of(uint32_t element, uint32_t pad, uint32_t stride, uint32_t in, uint32_t out) {
    fp_span span = {0, 0, (int32_t)element - (int32_t)pad};
    if (element < pad) {
        span.first = (pad - element + stride - 1u) / stride;
    }
    if (element < in + pad) {
        span.end = (in - 1u + pad - element) / stride + 1u;
    }
    span.end = span.end > out ? out : span.end;
    span.end = span.end < span.first ? span.first : span.end;
    return span;
}

#endif
