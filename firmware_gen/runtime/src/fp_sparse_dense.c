#include "fp_sparse.h"

/* Where the input of a row is: rows go pixel by pixel, channels innermost, activations channel by channel. */
static uint32_t input_of(const fp_learner_layer *layer, uint32_t row, uint32_t pixels) {
    return pixels == 1u ? row : row % layer->in.channels * pixels + row / layer->in.channels;
}

/* An input of 0 adds nothing to any output. */
void fp_sparse_dense_forward(const fp_learner_layer *layer, fp_kept kernel, const float *in, float *out) {
    const uint32_t pixels = fp_pixels(layer->in);
    const uint16_t *column = kernel.columns;
    const float *weight = kernel.values;
    for (uint32_t row = 0; row < kernel.rows; row++) {
        const uint32_t count = kernel.counts[row];
        const float x = in[input_of(layer, row, pixels)];
        if (x != 0.0f) {
            for (uint32_t i = 0; i < count; i++) {
                out[column[i]] += weight[i] * x;
            }
        }
        column += count;
        weight += count;
    }
}

/* Slopes of one row: of its weights, and of its input. */
static float row_backward(const fp_kept *kernel, uint32_t count, float x, const float *d_out) {
    float sum = 0.0f;
    for (uint32_t i = 0; i < count; i++) {
        const float slope = d_out[kernel->columns[i]];
        kernel->velocity[i] += x * slope;
        sum += kernel->values[i] * slope;
    }
    return sum;
}

void fp_sparse_dense_backward(const fp_learner_layer *layer, fp_kept kernel, const float *in, const float *d_out,
                              float *d_in) {
    const uint32_t pixels = fp_pixels(layer->in);
    for (uint32_t row = 0; row < layer->in.channels * pixels; row++) {
        const uint32_t count = *kernel.counts++, at = input_of(layer, row, pixels);
        if (in[at] != 0.0f || (d_in != NULL && layer->source.rectified == 0)) {
            const float sum = row_backward(&kernel, count, in[at], d_out);
            if (d_in != NULL) {
                d_in[at] += sum;
            }
        }
        kernel.columns += count;
        kernel.values += count;
        kernel.velocity += count;
    }
}
