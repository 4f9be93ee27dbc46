/* A learner's model on its own samples. */
#include "fp_cross_entropy.h"
#include "fp_learner_state.h"

static const float *logits_of(const fp_learner *learner, uint32_t sample) {
    fp_learner_load(learner, sample, 0, 0);
    fp_layers_forward(learner);
    return fp_activations_at(learner) + fp_last_layer(learner)->output;
}

const float *fp_learner_logits(fp_learner *learner, uint32_t sample) {
    if (learner == NULL || !learner->has_values || learner->training.running || sample >= learner->sample_count) {
        return NULL;
    }
    fp_layers_prepare(learner);
    return logits_of(learner, sample);
}

static uint32_t best_of(const float *logits, uint32_t classes) {
    uint32_t best = 0;
    for (uint32_t c = 1; c < classes; c++) {
        best = logits[c] > logits[best] ? c : best;
    }
    return best;
}

fp_status fp_learner_evaluate(fp_learner *learner, fp_progress progress, void *context, fp_evaluation *result) {
    if (learner == NULL || result == NULL) {
        return FP_ERR_ARGUMENT;
    }
    if (!learner->has_values || learner->training.running || learner->sample_count == 0) {
        return FP_ERR_STATE;
    }
    fp_evaluation found = {learner->sample_count, 0, 0.0f};
    fp_layers_prepare(learner);
    for (uint32_t i = 0; i < learner->sample_count; i++) {
        const float *logits = logits_of(learner, i);
        const uint32_t label = fp_label(learner, i), classes = learner->spec->classes;
        found.correct += best_of(logits, classes) == label ? 1u : 0u;
        found.loss += fp_cross_entropy(logits, label, classes, 1.0f, NULL);
        if (progress != NULL && !progress(context, i + 1u, learner->sample_count)) {
            return FP_ERR_STOPPED;
        }
    }
    found.loss /= (float)learner->sample_count;
    *result = found;
    return FP_OK;
}
