/* Stochastic gradient descent as trainer.engines.local_epochs does it.
 *
 * Gradients of a batch are summed sample by sample into the velocity, to which momentum, weight decay and FedProx's
 * pull have been applied when the batch began: v = momentum * v + decay * w + mu * (w - w0) + sum of g, and then
 * w = w - rate * v. That is the same sum in another order, and saves the memory of separate gradients. */
#include <string.h>

#include "fp_cross_entropy.h"
#include "fp_float.h"
#include "fp_learner_state.h"

static bool is_rate(float value) {
    return fp_is_finite(value) && value >= 0.0f;
}

static fp_status check_work(const fp_learner *learner, const fp_train_work *work) {
    const uint32_t samples = learner->sample_count;
    const bool good = work->epochs >= 1 && work->batch_size >= 1 && is_rate(work->learning_rate) &&
                      is_rate(work->momentum) && is_rate(work->weight_decay) && is_rate(work->proximal);
    if (!good) {
        return FP_ERR_ARGUMENT;
    }
    if (!learner->has_values || samples == 0 || learner->training.running || learner->receiving) {
        return FP_ERR_STATE;
    }
    const uint32_t batches = work->epochs * ((samples + work->batch_size - 1u) / work->batch_size);
    if (learner->order_count < work->epochs * samples || (work->moved && learner->shift_count < batches)) {
        return FP_ERR_STATE;
    }
    if (work->proximal > 0.0f && !learner->has_received) {
        return FP_ERR_STATE;
    }
    const bool no_copy = learner->spec->plan.received_bytes < fp_learner_payload_bytes(learner);
    return work->proximal > 0.0f && no_copy ? FP_ERR_CAPACITY : FP_OK;
}

fp_status fp_learner_train_begin(fp_learner *learner, const fp_train_work *work) {
    if (learner == NULL || work == NULL) {
        return FP_ERR_ARGUMENT;
    }
    const fp_status status = check_work(learner, work);
    if (status != FP_OK) {
        return status;
    }
    memset(&learner->training, 0, sizeof learner->training);
    learner->training.work = *work;
    learner->training.running = true;
    learner->update_bytes = 0;
    memset(fp_velocity_at(learner), 0, sizeof(float) * learner->value_count);
    fp_layers_prepare(learner);
    return FP_OK;
}

/* What pulls at one weight beside its gradient; `received` is the payload that the round began with. */
static float pull(const fp_learner *learner, const uint8_t *received, uint32_t position, float weight, float decay) {
    const float mu = learner->training.work.proximal;
    float sum = decay * weight;
    if (mu > 0.0f) {
        sum += mu * (weight - fp_wire_value((fp_wire_encoding)learner->encoding, received, position));
    }
    return sum;
}

/* The pull on a layer's tensor. Weights of dead channels are left alone, as the host does, which trains without them.
 */
static void pull_tensor(const fp_learner *learner, const fp_learner_layer *layer, uint16_t tensor) {
    const float decay = learner->spec->tensors[tensor].decays != 0 ? learner->training.work.weight_decay : 0.0f;
    const uint8_t *received = (const uint8_t *)fp_at(learner, learner->spec->plan.received);
    const float *values = fp_values_at(learner);
    float *velocity = fp_velocity_at(learner);
    const fp_kept kept = fp_kept_of(learner, tensor);
    const uint8_t *in = fp_live_at(learner) + layer->source.live, *out = fp_live_at(learner) + layer->output_live;
    const bool rows_are_inputs = tensor == layer->kernel && layer->kind != FP_LAYER_DEPTHWISE;
    uint32_t position = fp_starts_at(learner)[tensor];
    const uint16_t *column = kept.columns;
    for (uint32_t row = 0; row < kept.rows; row++) {
        const bool trained = !rows_are_inputs || (in[row % layer->in.channels] & FP_CHANNEL_STAYS) != 0;
        for (uint32_t left = kept.counts[row]; left != 0; left--, column++, position++) {
            if (trained && (out[*column] & FP_CHANNEL_STAYS) != 0) {
                velocity[position] += pull(learner, received, position, values[position], decay);
            }
        }
    }
}

static void begin_batch(fp_learner *learner) {
    const fp_learner_spec *spec = learner->spec;
    fp_training *training = &learner->training;
    float *velocity = fp_velocity_at(learner);
    const uint32_t in_epoch = training->at % learner->sample_count, left = learner->sample_count - in_epoch;
    training->this_size = left < training->work.batch_size ? left : training->work.batch_size;
    for (uint32_t i = 0; i < learner->value_count; i++) {
        velocity[i] *= training->work.momentum;
    }
    if (!(training->work.weight_decay > 0.0f) && !(training->work.proximal > 0.0f)) {
        return;
    }
    for (uint16_t l = 0; l < spec->layer_count; l++) {
        const fp_learner_layer *layer = &spec->layers[l];
        if (layer->kernel != FP_NO_TENSOR) {
            pull_tensor(learner, layer, layer->kernel);
        }
        if (layer->bias != FP_NO_TENSOR) {
            pull_tensor(learner, layer, layer->bias);
        }
    }
}

static fp_status end_batch(fp_learner *learner) {
    float *values = fp_values_at(learner);
    const float *velocity = fp_velocity_at(learner);
    const float rate = learner->training.work.learning_rate;
    for (uint32_t i = 0; i < learner->value_count; i++) {
        values[i] -= rate * velocity[i];
    }
    learner->training.in_batch = 0;
    learner->training.batch++;
    return fp_is_finite(learner->training.loss) ? FP_OK : FP_ERR_NUMBER;
}

static void load(const fp_learner *learner) {
    const fp_learner_plan *plan = &learner->spec->plan;
    const fp_training *training = &learner->training;
    const uint16_t *order = (const uint16_t *)fp_at(learner, plan->order);
    const int8_t *shift = (const int8_t *)fp_at(learner, plan->shifts) + 2u * (size_t)training->batch;
    const bool moved = training->work.moved;
    fp_learner_load(learner, order[training->at], moved ? shift[0] : 0, moved ? shift[1] : 0);
}

/* Forwards, loss and backwards for the next sample. */
static void learn_sample(fp_learner *learner) {
    fp_training *training = &learner->training;
    const fp_learner_layer *last = fp_last_layer(learner);
    const uint16_t sample = ((const uint16_t *)fp_at(learner, learner->spec->plan.order))[training->at];
    float *activations = fp_activations_at(learner);
    load(learner);
    fp_layers_forward(learner);
    training->loss += fp_cross_entropy(activations + last->output, fp_label(learner, sample), learner->spec->classes,
                                       1.0f / (float)training->this_size, activations + last->output_gradient);
    fp_layers_backward(learner);
    training->at++;
    training->in_batch++;
}

static fp_status fail(fp_learner *learner, fp_status status) {
    learner->training.running = false;
    learner->has_values = learner->has_received = false;
    return status;
}

static bool is_done(const fp_learner *learner) {
    return learner->training.at == learner->training.work.epochs * learner->sample_count;
}

fp_status fp_learner_train_step(fp_learner *learner, bool *done) {
    if (learner == NULL || done == NULL) {
        return FP_ERR_ARGUMENT;
    }
    if (!learner->training.running) {
        return FP_ERR_STATE;
    }
    if (!is_done(learner)) {
        if (learner->training.in_batch == 0) {
            begin_batch(learner);
        }
        learn_sample(learner);
        if (learner->training.in_batch == learner->training.this_size) {
            const fp_status status = end_batch(learner);
            if (status != FP_OK) {
                return fail(learner, status);
            }
        }
    }
    *done = is_done(learner);
    return FP_OK;
}

fp_status fp_learner_train_end(fp_learner *learner, fp_train_result *result) {
    if (learner == NULL || result == NULL) {
        return FP_ERR_ARGUMENT;
    }
    if (!learner->training.running) {
        return FP_ERR_STATE;
    }
    if (!is_done(learner)) {
        return fail(learner, FP_ERR_STOPPED);
    }
    const float *values = fp_values_at(learner);
    for (uint32_t i = 0; i < learner->value_count; i++) {
        if (!fp_is_finite(values[i])) {
            return fail(learner, FP_ERR_NUMBER);
        }
    }
    learner->training.running = false;
    learner->order_count = learner->shift_count = 0;
    result->samples = learner->sample_count;
    result->seen = learner->training.at;
    result->loss = learner->training.loss / (float)learner->training.at;
    return FP_OK;
}

fp_status fp_learner_train(fp_learner *learner, const fp_train_work *work, fp_progress progress, void *context,
                           fp_train_result *result) {
    fp_status status = result == NULL ? FP_ERR_ARGUMENT : fp_learner_train_begin(learner, work);
    bool done = false;
    while (status == FP_OK && !done) {
        status = fp_learner_train_step(learner, &done);
        const uint32_t at = learner->training.at, total = work->epochs * learner->sample_count;
        if (status == FP_OK && progress != NULL && !progress(context, at, total)) {
            return fail(learner, FP_ERR_STOPPED);
        }
    }
    return status == FP_OK ? fp_learner_train_end(learner, result) : status;
}
