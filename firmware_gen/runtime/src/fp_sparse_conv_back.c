/* Convolutions and depthwise convolutions on kept weights, backwards.
 *
 * Behind ReLU and maximum pooling most slopes are zero. The others are gathered into one list for each channel, in
 * place, and each kernel element notes where they meet the input; so a weight costs as much as its slopes that are not
 * zero. */
#include "fp_sparse.h"
#include "fp_window.h"

/* Slopes that are not zero, channel by channel. */
typedef struct slopes {
    float *values;   /* packed to the front of the output's gradient */
    uint16_t *place; /* output row * 256 + column */
    uint16_t *at;    /* input pixel + 1 under the kernel element at hand; 0 where it lies outside */
    uint16_t *first; /* of each channel, in this list; then their number */
} slopes;

static slopes gather(const fp_learner *learner, const fp_learner_layer *layer, float *d_out) {
    const uint32_t capacity = learner->spec->plan.slope_capacity;
    uint16_t *scratch = (uint16_t *)fp_at(learner, learner->spec->plan.slopes);
    const uint8_t *live = fp_live_at(learner) + layer->output_live;
    slopes list = {d_out, scratch, scratch + capacity, scratch + 2u * (size_t)capacity};
    uint32_t found = 0;
    for (uint32_t channel = 0; channel < layer->out.channels; channel++) {
        const float *slope = d_out + channel * fp_pixels(layer->out);
        list.first[channel] = (uint16_t)found;
        for (uint32_t y = 0; live[channel] != 0 && y < layer->out.height; y++) {
            for (uint32_t x = 0; x < layer->out.width; x++, slope++) {
                if (*slope != 0.0f) {
                    list.values[found] = *slope;
                    list.place[found++] = (uint16_t)(y << 8 | x);
                }
            }
        }
    }
    list.first[layer->out.channels] = (uint16_t)found;
    return list;
}

/* Where the element at this row and column of the kernel finds the input of each slope. */
static void locate(const slopes *list, const fp_learner_layer *layer, uint32_t element) {
    const uint32_t down = element / layer->kernel_width, right = element % layer->kernel_width;
    for (uint32_t i = 0; i < list->first[layer->out.channels]; i++) {
        const uint32_t y = (uint32_t)(list->place[i] >> 8) * layer->stride_height + down - layer->pad_top;
        const uint32_t x = (uint32_t)(list->place[i] & 0xFFu) * layer->stride_width + right - layer->pad_left;
        const bool inside = y < layer->in.height && x < layer->in.width; /* below 0 is far above */
        list->at[i] = (uint16_t)(inside ? y * layer->in.width + x + 1u : 0u);
    }
}

/* The gradient of one weight; its part of the input's is added to `d_in`. */
static inline float weight_back(const slopes *list, uint32_t channel, float weight, const float *in, float *d_in) {
    const uint32_t end = list->first[channel + 1u];
    float sum = 0.0f;
    for (uint32_t i = list->first[channel]; i < end; i++) {
        const uint32_t at = list->at[i];
        if (at != 0) {
            const float slope = list->values[i];
            sum += in[at - 1u] * slope;
            d_in[at - 1u] += weight * slope;
        }
    }
    return sum;
}

/* The same where nobody wants the input's. */
static inline float weight_gradient(const slopes *list, uint32_t channel, const float *in) {
    const uint32_t end = list->first[channel + 1u];
    float sum = 0.0f;
    for (uint32_t i = list->first[channel]; i < end; i++) {
        if (list->at[i] != 0) {
            sum += in[list->at[i] - 1u] * list->values[i];
        }
    }
    return sum;
}

static void row_back(const slopes *list, const fp_kept *kernel, uint32_t count, const float *in, float *d_in) {
    const slopes here = *list;
    for (uint32_t i = 0; i < count; i++) {
        kernel->velocity[i] += weight_back(&here, kernel->columns[i], kernel->values[i], in, d_in);
    }
}

static void row_gradient(const slopes *list, const fp_kept *kernel, uint32_t count, const float *in) {
    const slopes here = *list;
    for (uint32_t i = 0; i < count; i++) {
        kernel->velocity[i] += weight_gradient(&here, kernel->columns[i], in);
    }
}

static void depthwise_row_back(const slopes *list, const fp_kept *kernel, uint32_t count, const fp_learner_layer *layer,
                               const float *in, float *d_in) {
    const uint32_t multiplier = (uint32_t)(layer->out.channels / layer->in.channels);
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t output = kernel->columns[i], plane = output / multiplier * fp_pixels(layer->in);
        kernel->velocity[i] += d_in != NULL ? weight_back(list, output, kernel->values[i], in + plane, d_in + plane)
                                            : weight_gradient(list, output, in + plane);
    }
}

void fp_sparse_conv_backward(const fp_learner *learner, const fp_learner_layer *layer, fp_kept kernel, const float *in,
                             float *d_out, float *d_in) {
    const slopes list = gather(learner, layer, d_out);
    const bool depthwise = layer->kind == FP_LAYER_DEPTHWISE;
    const uint32_t in_plane = fp_pixels(layer->in);
    const uint32_t elements = (uint32_t)layer->kernel_height * layer->kernel_width;
    for (uint32_t element = 0; element < elements; element++) {
        locate(&list, layer, element);
        for (uint32_t input = 0; input < (depthwise ? 1u : layer->in.channels); input++) {
            const uint32_t count = *kernel.counts++, plane = input * in_plane;
            if (depthwise) {
                depthwise_row_back(&list, &kernel, count, layer, in, d_in);
            } else if (d_in != NULL) {
                row_back(&list, &kernel, count, in + plane, d_in + plane);
            } else {
                row_gradient(&list, &kernel, count, in + plane);
            }
            kernel.columns += count;
            kernel.values += count;
            kernel.velocity += count;
        }
    }
}
