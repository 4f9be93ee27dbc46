#include "fp_sparse.h"
#include "fp_window.h"

static uint32_t largest_in(const fp_window *part, const float *plane, uint32_t width) {
    uint32_t best = part->top * width + part->left;
    float most = plane[best];
    for (uint32_t row = part->top * width; row < part->bottom * width; row += width) {
        for (uint32_t at = row + part->left; at < row + part->right; at++) {
            if (plane[at] > most) {
                most = plane[at];
                best = at;
            }
        }
    }
    return best;
}

static float sum_of(const fp_window *part, const float *plane, uint32_t width) {
    float sum = 0.0f;
    for (uint32_t y = part->top; y < part->bottom; y++) {
        for (uint32_t x = part->left; x < part->right; x++) {
            sum += plane[y * width + x];
        }
    }
    return sum;
}

static void spread(const fp_window *part, float slope, float *plane, uint32_t width) {
    const float share = slope / (float)fp_window_pixels(part);
    for (uint32_t y = part->top; y < part->bottom; y++) {
        for (uint32_t x = part->left; x < part->right; x++) {
            plane[y * width + x] += share;
        }
    }
}

void fp_float_pool_forward(const fp_learner_layer *layer, const float *in, float *out) {
    const uint32_t width = layer->in.width;
    for (uint32_t y = 0; y < layer->out.height; y++) {
        for (uint32_t x = 0; x < layer->out.width; x++) {
            const fp_window part = fp_window_of(layer, y, x);
            *out++ = layer->kind == FP_LAYER_MAX_POOL ? in[largest_in(&part, in, width)]
                                                      : sum_of(&part, in, width) / (float)fp_window_pixels(&part);
        }
    }
}

/* A slope of 0 has nothing to hand on. */
void fp_float_pool_backward(const fp_learner_layer *layer, const float *in, const float *d_out, float *d_in) {
    const uint32_t width = layer->in.width;
    for (uint32_t y = 0; y < layer->out.height; y++) {
        for (uint32_t x = 0; x < layer->out.width; x++, d_out++) {
            if (*d_out == 0.0f) {
                continue;
            }
            const fp_window part = fp_window_of(layer, y, x);
            if (layer->kind == FP_LAYER_MAX_POOL) {
                d_in[largest_in(&part, in, width)] += *d_out;
            } else {
                spread(&part, *d_out, d_in, width);
            }
        }
    }
}
