/* Which pixels a kernel's element or a pooling window meets. */
#ifndef FP_WINDOW_H
#define FP_WINDOW_H

#include <stdint.h>

#include "fp_learner_spec.h"

/* Along one axis: output positions [first, end) lie inside the input; `from` is the input of output position 0. */
typedef struct fp_span {
    uint32_t first;
    uint32_t end;
    int32_t from;
} fp_span;

/* Where the weights of one kernel element meet input and output. */
typedef struct fp_tap {
    fp_span y;
    fp_span x;
    uint32_t stride_y;
    uint32_t stride_x;
    uint32_t in_width;
    uint32_t out_width;
} fp_tap;

/* One pooling window's part of an input plane: rows [top, bottom), columns [left, right). */
typedef struct fp_window {
    uint32_t top;
    uint32_t bottom;
    uint32_t left;
    uint32_t right;
} fp_window;

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

/* Kernel elements go row by row. */
static inline fp_tap fp_tap_of(const fp_learner_layer *layer, uint32_t element) {
    const uint32_t row = element / layer->kernel_width, column = element % layer->kernel_width;
    const fp_tap tap = {fp_span_of(row, layer->pad_top, layer->stride_height, layer->in.height, layer->out.height),
                        fp_span_of(column, layer->pad_left, layer->stride_width, layer->in.width, layer->out.width),
                        layer->stride_height,
                        layer->stride_width,
                        layer->in.width,
                        layer->out.width};
    return tap;
}

/* The input pixel of the first output pixel that the tap meets in output row `y`. */
static inline uint32_t fp_tap_input(const fp_tap *tap, uint32_t y) {
    const int32_t row = (int32_t)(y * tap->stride_y) + tap->y.from;
    const int32_t column = (int32_t)(tap->x.first * tap->stride_x) + tap->x.from;
    return (uint32_t)(row * (int32_t)tap->in_width + column);
}

/* That output pixel. */
static inline uint32_t fp_tap_output(const fp_tap *tap, uint32_t y) {
    return y * tap->out_width + tap->x.first;
}

static inline uint32_t fp_window_start(uint32_t position, uint32_t stride, uint32_t pad) {
    return position * stride > pad ? position * stride - pad : 0u;
}

static inline uint32_t fp_window_end(uint32_t position, uint32_t stride, uint32_t pad, uint32_t kernel, uint32_t size) {
    const uint32_t end = position * stride + kernel - pad;
    return end < size ? end : size;
}

static inline fp_window fp_window_of(const fp_learner_layer *layer, uint32_t y, uint32_t x) {
    const fp_window window = {
        fp_window_start(y, layer->stride_height, layer->pad_top),
        fp_window_end(y, layer->stride_height, layer->pad_top, layer->kernel_height, layer->in.height),
        fp_window_start(x, layer->stride_width, layer->pad_left),
        fp_window_end(x, layer->stride_width, layer->pad_left, layer->kernel_width, layer->in.width),
    };
    return window;
}

static inline uint32_t fp_window_pixels(const fp_window *window) {
    return (window->bottom - window->top) * (window->right - window->left);
}

#endif
