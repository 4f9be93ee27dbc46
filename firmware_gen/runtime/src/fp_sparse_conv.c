/* Convolutions and depthwise convolutions on kept weights, forwards. */
#include "fp_sparse.h"
#include "fp_window.h"

/* All weights of one row of a kernel: the same input, each its own output. */
typedef struct row {
    const uint16_t *columns;
    const float *weights;
    uint32_t count;
    float *out;
    uint32_t out_plane;
} row;

/* Up to four neighbouring input pixels stay in registers while every output of the row takes them. */
static void add_four(const row *all, const float *from, uint32_t step, uint32_t at) {
    const float x0 = from[0], x1 = from[step], x2 = from[2u * step], x3 = from[3u * step];
    for (uint32_t i = 0; i < all->count; i++) {
        const float weight = all->weights[i];
        float *to = all->out + at + all->columns[i] * all->out_plane;
        to[0] += weight * x0;
        to[1] += weight * x1;
        to[2] += weight * x2;
        to[3] += weight * x3;
    }
}

static void add_three(const row *all, const float *from, uint32_t step, uint32_t at) {
    const float x0 = from[0], x1 = from[step], x2 = from[2u * step];
    for (uint32_t i = 0; i < all->count; i++) {
        const float weight = all->weights[i];
        float *to = all->out + at + all->columns[i] * all->out_plane;
        to[0] += weight * x0;
        to[1] += weight * x1;
        to[2] += weight * x2;
    }
}

static void add_two(const row *all, const float *from, uint32_t step, uint32_t at) {
    const float x0 = from[0], x1 = from[step];
    for (uint32_t i = 0; i < all->count; i++) {
        const float weight = all->weights[i];
        float *to = all->out + at + all->columns[i] * all->out_plane;
        to[0] += weight * x0;
        to[1] += weight * x1;
    }
}

static void add_one(const row *all, const float *from, uint32_t at) {
    for (uint32_t i = 0; i < all->count; i++) {
        all->out[at + all->columns[i] * all->out_plane] += all->weights[i] * *from;
    }
}

/* What a row's weights add, wherever the tap meets the image; `in` is their input plane. */
static void add_row(const fp_tap *tap, const row *all, const float *in) {
    const uint32_t step = tap->stride_x;
    for (uint32_t y = tap->y.first; y < tap->y.end; y++) {
        const float *from = in + fp_tap_input(tap, y);
        uint32_t at = fp_tap_output(tap, y), left = tap->x.end - tap->x.first;
        for (; left >= 4u; left -= 4u, from += 4u * step, at += 4u) {
            add_four(all, from, step, at);
        }
        if (left == 3u) {
            add_three(all, from, step, at);
        } else if (left == 2u) {
            add_two(all, from, step, at);
        } else if (left == 1u) {
            add_one(all, from, at);
        }
    }
}

/* Every output of a depthwise kernel has an input of its own. */
static void add_depthwise(const fp_tap *tap, const row *all, const fp_learner_layer *layer, const float *in) {
    const uint32_t multiplier = (uint32_t)(layer->out.channels / layer->in.channels);
    for (uint32_t i = 0; i < all->count; i++) {
        const row one = {all->columns + i, all->weights + i, 1u, all->out, all->out_plane};
        add_row(tap, &one, in + all->columns[i] / multiplier * fp_pixels(layer->in));
    }
}

/* Rows of a kernel are elements and, but for depthwise kernels, input channels. */
void fp_sparse_conv_forward(const fp_learner_layer *layer, fp_kept kernel, const float *in, float *out) {
    const bool depthwise = layer->kind == FP_LAYER_DEPTHWISE;
    const uint32_t elements = (uint32_t)layer->kernel_height * layer->kernel_width;
    for (uint32_t element = 0; element < elements; element++) {
        const fp_tap tap = fp_tap_of(layer, element);
        for (uint32_t input = 0; input < (depthwise ? 1u : layer->in.channels); input++) {
            const row all = {kernel.columns, kernel.values, *kernel.counts++, out, fp_pixels(layer->out)};
            if (depthwise) {
                add_depthwise(&tap, &all, layer, in);
            } else if (all.count != 0) {
                add_row(&tap, &all, in + input * fp_pixels(layer->in));
            }
            kernel.columns += all.count;
            kernel.values += all.count;
        }
    }
}
