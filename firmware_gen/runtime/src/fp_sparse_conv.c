#include "fp_sparse.h"
#include "fp_window.h"

/* Where the weights of one kernel element meet input and output: rows and columns of output pixels. */
typedef struct tap {
    fp_span y;
    fp_span x;
    uint32_t stride_y;
    uint32_t stride_x;
    uint32_t in_width;
    uint32_t out_width;
} tap;

static tap tap_of(const fp_learner_layer *layer, uint32_t row, uint32_t column) {
    const tap found = {fp_span_of(row, layer->pad_top, layer->stride_height, layer->in.height, layer->out.height),
                       fp_span_of(column, layer->pad_left, layer->stride_width, layer->in.width, layer->out.width),
                       layer->stride_height,
                       layer->stride_width,
                       layer->in.width,
                       layer->out.width};
    return found;
}

/* First input pixel of output row `y`. */
static uint32_t in_offset(const tap *at, uint32_t y) {
    const int32_t row = (int32_t)(y * at->stride_y) + at->y.from;
    const int32_t column = (int32_t)(at->x.first * at->stride_x) + at->x.from;
    return (uint32_t)(row * (int32_t)at->in_width + column);
}

static void add_forward(const tap *at, float weight, const float *in, float *out) {
    const uint32_t pixels = at->x.end - at->x.first, step = at->stride_x;
    for (uint32_t y = at->y.first; y < at->y.end; y++) {
        const float *from = in + in_offset(at, y);
        float *to = out + y * at->out_width + at->x.first;
        for (uint32_t i = 0; i < pixels; i++, from += step) {
            to[i] += weight * *from;
        }
    }
}

static float weight_gradient(const tap *at, const float *in, const float *d_out) {
    const uint32_t pixels = at->x.end - at->x.first, step = at->stride_x;
    float sum = 0.0f;
    for (uint32_t y = at->y.first; y < at->y.end; y++) {
        const float *from = in + in_offset(at, y);
        const float *slope = d_out + y * at->out_width + at->x.first;
        for (uint32_t i = 0; i < pixels; i++, from += step) {
            sum += *from * slope[i];
        }
    }
    return sum;
}

static void add_backward(const tap *at, float weight, const float *d_out, float *d_in) {
    const uint32_t pixels = at->x.end - at->x.first, step = at->stride_x;
    for (uint32_t y = at->y.first; y < at->y.end; y++) {
        float *to = d_in + in_offset(at, y);
        const float *slope = d_out + y * at->out_width + at->x.first;
        for (uint32_t i = 0; i < pixels; i++, to += step) {
            *to += weight * slope[i];
        }
    }
}

/* What a walk over the kernel computes: the output, or gradients. */
typedef struct planes {
    const float *in;
    float *out; /* forwards; else NULL */
    const float *d_out;
    float *d_in; /* NULL: not wanted */
} planes;

/* One kept weight that connects two channels. */
static void visit(const tap *at, const planes *all, uint32_t from, uint32_t to, float weight, float *velocity) {
    if (all->out != NULL) {
        add_forward(at, weight, all->in + from, all->out + to);
        return;
    }
    *velocity += weight_gradient(at, all->in + from, all->d_out + to);
    if (all->d_in != NULL) {
        add_backward(at, weight, all->d_out + to, all->d_in + from);
    }
}

/* Rows of the kernel are elements and, but for depthwise kernels, input channels. */
static void walk(const fp_learner_layer *layer, fp_kept kernel, planes all) {
    const bool depthwise = layer->kind == FP_LAYER_DEPTHWISE;
    const uint32_t in_plane = fp_pixels(layer->in), out_plane = fp_pixels(layer->out);
    const uint32_t inputs = depthwise ? 1u : layer->in.channels;
    const uint32_t multiplier = depthwise ? (uint32_t)(layer->out.channels / layer->in.channels) : 1u;
    for (uint32_t element = 0; element < (uint32_t)layer->kernel_height * layer->kernel_width; element++) {
        const tap at = tap_of(layer, element / layer->kernel_width, element % layer->kernel_width);
        for (uint32_t input = 0; input < inputs; input++) {
            for (uint32_t left = *kernel.counts++; left != 0; left--) {
                const uint32_t output = *kernel.columns++;
                const uint32_t source = depthwise ? output / multiplier : input;
                visit(&at, &all, source * in_plane, output * out_plane, *kernel.values++, kernel.velocity++);
            }
        }
    }
}

void fp_sparse_conv_forward(const fp_learner_layer *layer, fp_kept kernel, const float *in, float *out) {
    const planes all = {in, out, NULL, NULL};
    walk(layer, kernel, all);
}

void fp_sparse_conv_backward(const fp_learner_layer *layer, fp_kept kernel, const float *in, const float *d_out,
                             float *d_in) {
    const planes all = {in, NULL, d_out, d_in};
    walk(layer, kernel, all);
}
