/* The network, layer by layer, on the sample that lies in the activations.
 *
 * Layers without weights leave out channels that no kept weights connect with both the sample and the logits; there
 * outputs stay 0, as fp_layers_prepare has set them. Of weights around such channels one factor of the gradient is 0.
 */
#include <string.h>

#include "fp_sparse.h"

static uint32_t floats_of(fp_shape shape) {
    return shape.channels * fp_pixels(shape);
}

/* --- one channel --- */

static void fill(float *plane, float value, uint32_t pixels) {
    for (uint32_t i = 0; i < pixels; i++) {
        plane[i] = value;
    }
}

static void add(const float *values, float *sums, uint32_t pixels) {
    for (uint32_t i = 0; i < pixels; i++) {
        sums[i] += values[i];
    }
}

/* A NaN passes, so that it shows in the loss. */
static void activate(uint8_t activation, float *values, uint32_t pixels) {
    for (uint32_t i = 0; i < pixels; i++) {
        if (values[i] < 0.0f) {
            values[i] = 0.0f;
        } else if (activation == FP_RELU6 && values[i] > 6.0f) {
            values[i] = 6.0f;
        }
    }
}

/* The slope of an activation is 1 strictly between its ends, and 0 elsewhere. */
static void activate_backward(uint8_t activation, const float *values, float *gradient, uint32_t pixels) {
    for (uint32_t i = 0; i < pixels; i++) {
        if (!(values[i] > 0.0f) || (activation == FP_RELU6 && values[i] >= 6.0f)) {
            gradient[i] = 0.0f;
        }
    }
}

/* --- all channels of a layer --- */

typedef enum step { FORWARD_PLANES, ACTIVATE, BACKWARD_PLANES, SLOPE } step;

/* Where a layer's things are while its channels are walked. */
typedef struct planes {
    const fp_learner_layer *layer;
    float *in;
    float *second;
    float *out;
    float *d_in; /* NULL: not wanted */
    float *d_second;
    float *d_out;
} planes;

static planes planes_of(const fp_learner *learner, const fp_learner_layer *layer) {
    float *activations = fp_activations_at(learner);
    const bool adds = layer->kind == FP_LAYER_ADD;
    const planes all = {layer,
                        activations + layer->source.values,
                        activations + layer->second.values,
                        activations + layer->output,
                        layer->source.wanted != 0 ? activations + layer->source.gradient : NULL,
                        adds && layer->second.wanted != 0 ? activations + layer->second.gradient : NULL,
                        activations + layer->output_gradient};
    return all;
}

static bool pools(const fp_learner_layer *layer) {
    return layer->kind == FP_LAYER_MAX_POOL || layer->kind == FP_LAYER_AVERAGE_POOL;
}

/* Output channel `channel` of a layer without weights. */
static void forward_plane(const planes *all, uint32_t channel) {
    const fp_learner_layer *layer = all->layer;
    const uint32_t in = channel * fp_pixels(layer->in), out = channel * fp_pixels(layer->out);
    if (pools(layer)) {
        fp_float_pool_forward(layer, all->in + in, all->out + out);
        return;
    }
    memcpy(all->out + out, all->in + in, sizeof(float) * fp_pixels(layer->out));
    if (layer->kind == FP_LAYER_ADD) {
        add(all->second + in, all->out + out, fp_pixels(layer->out));
    }
}

static void backward_plane(const planes *all, uint32_t channel) {
    const fp_learner_layer *layer = all->layer;
    const uint32_t in = channel * fp_pixels(layer->in), out = channel * fp_pixels(layer->out);
    if (all->d_in != NULL && pools(layer)) {
        fp_float_pool_backward(layer, all->in + in, all->d_out + out, all->d_in + in);
    } else if (all->d_in != NULL) {
        add(all->d_out + out, all->d_in + in, fp_pixels(layer->out));
    }
    if (all->d_second != NULL) {
        add(all->d_out + out, all->d_second + in, fp_pixels(layer->out));
    }
}

static void channel_step(const planes *all, step what, uint32_t channel) {
    const fp_learner_layer *layer = all->layer;
    const uint32_t pixels = fp_pixels(layer->out), out = channel * pixels;
    switch (what) {
    case FORWARD_PLANES:
        forward_plane(all, channel);
        break;
    case ACTIVATE:
        activate(layer->activation, all->out + out, pixels);
        break;
    case SLOPE:
        activate_backward(layer->activation, all->out + out, all->d_out + out, pixels);
        break;
    default:
        backward_plane(all, channel);
        break;
    }
}

/* Do a step for the channels that are in use. */
static void each_channel(const fp_learner *learner, const planes *all, step what) {
    const uint8_t *live = fp_live_at(learner) + all->layer->output_live;
    for (uint32_t channel = 0; channel < all->layer->out.channels; channel++) {
        if (live[channel] != 0) {
            channel_step(all, what, channel);
        }
    }
}

/* Where a channel is a single number, looking at flags would cost more than it saves. */
static void activate_all(const fp_learner *learner, const planes *all, bool forwards) {
    const fp_learner_layer *layer = all->layer;
    if (layer->activation == FP_LINEAR) {
        return;
    }
    if (fp_pixels(layer->out) > 1u) {
        each_channel(learner, all, forwards ? ACTIVATE : SLOPE);
    } else if (forwards) {
        activate(layer->activation, all->out, layer->out.channels);
    } else {
        activate_backward(layer->activation, all->out, all->d_out, layer->out.channels);
    }
}

/* --- biases --- */

static void bias_forward(const fp_learner *learner, const planes *all) {
    const uint32_t pixels = fp_pixels(all->layer->out);
    memset(all->out, 0, sizeof(float) * floats_of(all->layer->out));
    if (all->layer->bias != FP_NO_TENSOR) {
        const fp_kept bias = fp_kept_of(learner, all->layer->bias);
        for (uint32_t i = 0; i < bias.counts[0]; i++) {
            fill(all->out + bias.columns[i] * pixels, bias.values[i], pixels);
        }
    }
}

static void bias_backward(const fp_learner *learner, const planes *all) {
    const uint32_t pixels = fp_pixels(all->layer->out);
    const uint8_t *live = fp_live_at(learner) + all->layer->output_live;
    const fp_kept bias = fp_kept_of(learner, all->layer->bias);
    for (uint32_t i = 0; i < bias.counts[0]; i++) {
        const float *slope = all->d_out + bias.columns[i] * pixels;
        float sum = 0.0f;
        for (uint32_t pixel = 0; live[bias.columns[i]] != 0 && pixel < pixels; pixel++) {
            sum += slope[pixel];
        }
        bias.velocity[i] += sum;
    }
}

/* --- all layers --- */

void fp_layers_prepare(const fp_learner *learner) {
    memset(fp_activations_at(learner), 0, sizeof(float) * learner->spec->plan.activation_floats);
}

static void forward(const fp_learner *learner, const fp_learner_layer *layer) {
    const planes all = planes_of(learner, layer);
    if (layer->kernel == FP_NO_TENSOR) {
        each_channel(learner, &all, FORWARD_PLANES);
    } else {
        bias_forward(learner, &all);
        if (layer->kind == FP_LAYER_DENSE) {
            fp_sparse_dense_forward(layer, fp_kept_of(learner, layer->kernel), all.in, all.out);
        } else {
            fp_sparse_conv_forward(layer, fp_kept_of(learner, layer->kernel), all.in, all.out);
        }
    }
    activate_all(learner, &all, true);
}

void fp_layers_forward(const fp_learner *learner) {
    for (uint16_t l = 0; l < learner->spec->layer_count; l++) {
        forward(learner, &learner->spec->layers[l]);
    }
}

static void backward(const fp_learner *learner, const fp_learner_layer *layer) {
    const planes all = planes_of(learner, layer);
    activate_all(learner, &all, false);
    if (layer->bias != FP_NO_TENSOR) {
        bias_backward(learner, &all);
    }
    if (all.d_in != NULL && layer->source.accumulate == 0) {
        memset(all.d_in, 0, sizeof(float) * floats_of(layer->in));
    }
    if (all.d_second != NULL && layer->second.accumulate == 0) {
        memset(all.d_second, 0, sizeof(float) * floats_of(layer->in));
    }
    if (layer->kernel == FP_NO_TENSOR) {
        each_channel(learner, &all, BACKWARD_PLANES);
    } else if (layer->kind == FP_LAYER_DENSE) {
        fp_sparse_dense_backward(layer, fp_kept_of(learner, layer->kernel), all.in, all.d_out, all.d_in);
    } else {
        fp_sparse_conv_backward(learner, layer, fp_kept_of(learner, layer->kernel), all.in, all.d_out, all.d_in);
    }
}

void fp_layers_backward(const fp_learner *learner) {
    for (uint16_t l = learner->spec->layer_count; l-- > 0;) {
        backward(learner, &learner->spec->layers[l]);
    }
}
