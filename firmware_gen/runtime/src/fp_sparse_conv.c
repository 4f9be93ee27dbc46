#include "fp_sparse.h"
#include "fp_window.h"

static void add_forward(const fp_tap *at, float weight, const float *in, float *out) {
    const uint32_t pixels = at->x.end - at->x.first, step = at->stride_x;
    for (uint32_t y = at->y.first; y < at->y.end; y++) {
        const float *from = in + fp_tap_input(at, y);
        float *to = out + fp_tap_output(at, y);
        for (uint32_t i = 0; i < pixels; i++, from += step) {
            to[i] += weight * *from;
        }
    }
}

static float weight_gradient(const fp_tap *at, const float *in, const float *d_out) {
    const uint32_t pixels = at->x.end - at->x.first, step = at->stride_x;
    float sum = 0.0f;
    for (uint32_t y = at->y.first; y < at->y.end; y++) {
        const float *from = in + fp_tap_input(at, y);
        const float *slope = d_out + fp_tap_output(at, y);
        for (uint32_t i = 0; i < pixels; i++, from += step) {
            sum += *from * slope[i];
        }
    }
    return sum;
}

static void add_backward(const fp_tap *at, float weight, const float *d_out, float *d_in) {
    const uint32_t pixels = at->x.end - at->x.first, step = at->stride_x;
    for (uint32_t y = at->y.first; y < at->y.end; y++) {
        float *to = d_in + fp_tap_input(at, y);
        const float *slope = d_out + fp_tap_output(at, y);
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
static void visit(const fp_tap *at, const planes *all, uint32_t from, uint32_t to, float weight, float *velocity) {
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
        const fp_tap at = fp_tap_of(layer, element);
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
