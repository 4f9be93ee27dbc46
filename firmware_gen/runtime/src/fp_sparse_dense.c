#include "fp_sparse.h"

/* Rows of a dense kernel go pixel by pixel, channels innermost; activations lie channel by channel. */
typedef struct row_walk {
    uint32_t pixel;
    uint32_t channel;
    uint32_t channels;
    uint32_t pixels;
} row_walk;

static row_walk first_row(const fp_learner_layer *layer) {
    const row_walk walk = {0, 0, layer->in.channels, fp_pixels(layer->in)};
    return walk;
}

static uint32_t input_of(const row_walk *walk) {
    return walk->channel * walk->pixels + walk->pixel;
}

static void next_row(row_walk *walk) {
    if (++walk->channel == walk->channels) {
        walk->channel = 0;
        walk->pixel++;
    }
}

static void row_forward(const uint16_t *columns, const float *weights, uint32_t count, float x, float *out) {
    for (uint32_t i = 0; i < count; i++) {
        out[columns[i]] += weights[i] * x;
    }
}

/* An input of 0 adds nothing to any output. */
void fp_sparse_dense_forward(const fp_learner_layer *layer, fp_kept kernel, const float *in, float *out) {
    row_walk walk = first_row(layer);
    for (uint32_t row = 0; row < kernel.rows; row++, next_row(&walk)) {
        const uint32_t count = kernel.counts[row];
        if (count != 0) {
            const float x = in[input_of(&walk)];
            if (x != 0.0f) {
                row_forward(kernel.columns, kernel.values, count, x, out);
            }
            kernel.columns += count;
            kernel.values += count;
        }
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
    const bool all = d_in != NULL && layer->source.rectified == 0;
    row_walk walk = first_row(layer);
    for (uint32_t row = 0; row < kernel.rows; row++, next_row(&walk)) {
        const uint32_t count = kernel.counts[row];
        if (count == 0) {
            continue;
        }
        const uint32_t at = input_of(&walk);
        if (in[at] != 0.0f || all) {
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
