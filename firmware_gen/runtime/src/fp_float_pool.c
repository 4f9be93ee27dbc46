#include "fp_sparse.h"

/* One window's part of an input plane: rows [top, bottom), columns [left, right). */
typedef struct window {
    uint32_t top;
    uint32_t bottom;
    uint32_t left;
    uint32_t right;
} window;

static uint32_t start_of(uint32_t position, uint32_t stride, uint32_t pad) {
    return position * stride > pad ? position * stride - pad : 0u;
}

static uint32_t end_of(uint32_t position, uint32_t stride, uint32_t pad, uint32_t kernel, uint32_t size) {
    const uint32_t end = position * stride + kernel - pad;
    return end < size ? end : size;
}

static window window_of(const fp_learner_layer *layer, uint32_t y, uint32_t x) {
    const window found = {
        start_of(y, layer->stride_height, layer->pad_top),
        end_of(y, layer->stride_height, layer->pad_top, layer->kernel_height, layer->in.height),
        start_of(x, layer->stride_width, layer->pad_left),
        end_of(x, layer->stride_width, layer->pad_left, layer->kernel_width, layer->in.width),
    };
    return found;
}

static uint32_t largest_in(const window *part, const float *plane, uint32_t width) {
    uint32_t best = part->top * width + part->left;
    for (uint32_t y = part->top; y < part->bottom; y++) {
        for (uint32_t x = part->left; x < part->right; x++) {
            best = plane[y * width + x] > plane[best] ? y * width + x : best;
        }
    }
    return best;
}

static float sum_of(const window *part, const float *plane, uint32_t width) {
    float sum = 0.0f;
    for (uint32_t y = part->top; y < part->bottom; y++) {
        for (uint32_t x = part->left; x < part->right; x++) {
            sum += plane[y * width + x];
        }
    }
    return sum;
}

static float pixels_of(const window *part) {
    return (float)((part->bottom - part->top) * (part->right - part->left));
}

static void spread(const window *part, float slope, float *plane, uint32_t width) {
    const float share = slope / pixels_of(part);
    for (uint32_t y = part->top; y < part->bottom; y++) {
        for (uint32_t x = part->left; x < part->right; x++) {
            plane[y * width + x] += share;
        }
    }
}

void fp_float_pool_forward(const fp_learner_layer *layer, const float *in, float *out) {
    const uint32_t width = layer->in.width;
    for (uint32_t channel = 0; channel < layer->out.channels; channel++, in += fp_pixels(layer->in)) {
        for (uint32_t y = 0; y < layer->out.height; y++) {
            for (uint32_t x = 0; x < layer->out.width; x++) {
                const window part = window_of(layer, y, x);
                *out++ = layer->kind == FP_LAYER_MAX_POOL ? in[largest_in(&part, in, width)]
                                                          : sum_of(&part, in, width) / pixels_of(&part);
            }
        }
    }
}

void fp_float_pool_backward(const fp_learner_layer *layer, const float *in, const float *d_out, float *d_in) {
    const uint32_t width = layer->in.width;
    for (uint32_t channel = 0; channel < layer->out.channels; channel++) {
        for (uint32_t y = 0; y < layer->out.height; y++) {
            for (uint32_t x = 0; x < layer->out.width; x++) {
                const window part = window_of(layer, y, x);
                if (layer->kind == FP_LAYER_MAX_POOL) {
                    d_in[largest_in(&part, in, width)] += *d_out++;
                } else {
                    spread(&part, *d_out++, d_in, width);
                }
            }
        }
        in += fp_pixels(layer->in);
        d_in += fp_pixels(layer->in);
    }
}
