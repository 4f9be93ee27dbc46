/* The network, layer by layer, on the sample that lies in the activations. */
#include <string.h>

#include "fp_sparse.h"

static uint32_t floats_of(fp_shape shape) {
    return shape.channels * fp_pixels(shape);
}

/* --- activations and biases --- */

static void activate(uint8_t activation, float *values, uint32_t count) {
    const float most = activation == FP_RELU6 ? 6.0f : 3.402823466e+38f;
    if (activation == FP_LINEAR) {
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        /* A NaN passes, so that it shows in the loss. */
        values[i] = values[i] < 0.0f ? 0.0f : values[i] > most ? most : values[i];
    }
}

/* The slope of an activation is 1 strictly between its ends, and 0 elsewhere. */
static void activate_backward(uint8_t activation, const float *values, float *gradient, uint32_t count) {
    if (activation == FP_LINEAR) {
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!(values[i] > 0.0f) || (activation == FP_RELU6 && values[i] >= 6.0f)) {
            gradient[i] = 0.0f;
        }
    }
}

void fp_bias_forward(const fp_kept *bias, float *out, uint32_t channels, uint32_t pixels) {
    memset(out, 0, sizeof(float) * channels * pixels);
    for (uint32_t i = 0; bias != NULL && i < bias->counts[0]; i++) {
        float *plane = out + bias->columns[i] * pixels;
        for (uint32_t pixel = 0; pixel < pixels; pixel++) {
            plane[pixel] = bias->values[i];
        }
    }
}

void fp_bias_backward(const fp_kept *bias, const float *d_out, uint32_t pixels) {
    for (uint32_t i = 0; i < bias->counts[0]; i++) {
        const float *plane = d_out + bias->columns[i] * pixels;
        float sum = 0.0f;
        for (uint32_t pixel = 0; pixel < pixels; pixel++) {
            sum += plane[pixel];
        }
        bias->velocity[i] += sum;
    }
}

static void start_with_bias(const fp_learner *learner, const fp_learner_layer *layer, float *out) {
    if (layer->bias == FP_NO_TENSOR) {
        fp_bias_forward(NULL, out, layer->out.channels, fp_pixels(layer->out));
        return;
    }
    const fp_kept bias = fp_kept_of(learner, layer->bias);
    fp_bias_forward(&bias, out, layer->out.channels, fp_pixels(layer->out));
}

/* --- forwards --- */

static void add_all(const float *values, float *sums, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        sums[i] += values[i];
    }
}

static void forward(const fp_learner *learner, const fp_learner_layer *layer, float *activations) {
    const float *in = activations + layer->source.values;
    float *out = activations + layer->output;
    switch (layer->kind) {
    case FP_LAYER_CONV:
    case FP_LAYER_DEPTHWISE:
        start_with_bias(learner, layer, out);
        fp_sparse_conv_forward(layer, fp_kept_of(learner, layer->kernel), in, out);
        break;
    case FP_LAYER_DENSE:
        start_with_bias(learner, layer, out);
        fp_sparse_dense_forward(layer, fp_kept_of(learner, layer->kernel), in, out);
        break;
    case FP_LAYER_MAX_POOL:
    case FP_LAYER_AVERAGE_POOL:
        fp_float_pool_forward(layer, in, out);
        break;
    default:
        memcpy(out, in, sizeof(float) * floats_of(layer->out));
        if (layer->kind == FP_LAYER_ADD) {
            add_all(activations + layer->second.values, out, floats_of(layer->out));
        }
        break;
    }
    activate(layer->activation, out, floats_of(layer->out));
}

void fp_layers_forward(const fp_learner *learner) {
    for (uint16_t l = 0; l < learner->spec->layer_count; l++) {
        forward(learner, &learner->spec->layers[l], fp_activations_at(learner));
    }
}

/* --- backwards --- */

/* Where the gradient of an operand is summed up, zero if nothing is there yet; NULL if nobody wants it. */
static float *gradient_of(const fp_operand *operand, fp_shape shape, float *activations) {
    float *gradient = activations + operand->gradient;
    if (operand->wanted == 0) {
        return NULL;
    }
    if (operand->accumulate == 0) {
        memset(gradient, 0, sizeof(float) * floats_of(shape));
    }
    return gradient;
}

static void backward(const fp_learner *learner, const fp_learner_layer *layer, float *activations) {
    const float *in = activations + layer->source.values;
    float *d_out = activations + layer->output_gradient;
    activate_backward(layer->activation, activations + layer->output, d_out, floats_of(layer->out));
    if (layer->bias != FP_NO_TENSOR) {
        const fp_kept bias = fp_kept_of(learner, layer->bias);
        fp_bias_backward(&bias, d_out, fp_pixels(layer->out));
    }
    float *d_in = gradient_of(&layer->source, layer->in, activations);
    if (layer->kind == FP_LAYER_CONV || layer->kind == FP_LAYER_DEPTHWISE) {
        fp_sparse_conv_backward(layer, fp_kept_of(learner, layer->kernel), in, d_out, d_in);
    } else if (layer->kind == FP_LAYER_DENSE) {
        fp_sparse_dense_backward(layer, fp_kept_of(learner, layer->kernel), in, d_out, d_in);
    } else if (d_in != NULL && (layer->kind == FP_LAYER_MAX_POOL || layer->kind == FP_LAYER_AVERAGE_POOL)) {
        fp_float_pool_backward(layer, in, d_out, d_in);
    } else if (d_in != NULL) {
        add_all(d_out, d_in, floats_of(layer->out));
    }
    if (layer->kind == FP_LAYER_ADD) {
        float *d_second = gradient_of(&layer->second, layer->in, activations);
        if (d_second != NULL) {
            add_all(d_out, d_second, floats_of(layer->out));
        }
    }
}

void fp_layers_backward(const fp_learner *learner) {
    for (uint16_t l = learner->spec->layer_count; l-- > 0;) {
        backward(learner, &learner->spec->layers[l], fp_activations_at(learner));
    }
}
