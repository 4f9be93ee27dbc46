/* Initial values of kept elements from a seed, as docs/seeded-init.md defines them. */
#include <string.h>

#include "fp_learner_state.h"
#include "fp_seeded.h"

/* The weights as they are drawn, and the energy of each column's survivors. */
static void draw_tensor(const fp_learner_tensor *tensor, fp_kept kept, uint64_t seed, float *energy) {
    const float step = fp_seeded_step(tensor->fan_in);
    const uint16_t *column = kept.columns;
    float *value = kept.values;
    fp_seeded stream;
    fp_seeded_open(&stream, seed, tensor->number);
    memset(energy, 0, sizeof(float) * tensor->columns);
    for (uint32_t row = 0; row < kept.rows; row++) {
        for (uint32_t left = kept.counts[row]; left != 0; left--, column++, value++) {
            *value = fp_seeded_weight(&stream, (uint64_t)row * tensor->columns + *column, step);
            energy[*column] = fp_add_energy(energy[*column], *value);
        }
    }
}

static void rescale_tensor(const fp_learner_tensor *tensor, fp_kept kept, float *energy) {
    const uint16_t *column = kept.columns;
    float *value = kept.values;
    for (uint32_t c = 0; c < tensor->columns; c++) {
        energy[c] = fp_survivor_scale(energy[c]);
    }
    for (uint32_t row = 0; row < kept.rows; row++) {
        for (uint32_t left = kept.counts[row]; left != 0; left--) {
            *value++ *= energy[*column++];
        }
    }
}

void fp_learner_draw_values(fp_learner *learner, uint64_t seed, bool rescale) {
    const fp_learner_spec *spec = learner->spec;
    float *energy = fp_activations_at(learner);
    memset(fp_values_at(learner), 0, sizeof(float) * learner->value_count);
    for (uint16_t t = 0; t < spec->tensor_count; t++) {
        const fp_learner_tensor *tensor = &spec->tensors[t];
        if (tensor->fan_in == FP_STARTS_AT_ZERO) {
            continue;
        }
        draw_tensor(tensor, fp_kept_of(learner, t), seed, energy);
        if (rescale && tensor->prunable != 0) {
            rescale_tensor(tensor, fp_kept_of(learner, t), energy);
        }
    }
    learner->has_values = true;
    learner->has_received = false;
    learner->update_bytes = 0;
}

fp_status fp_learner_draw(fp_learner *learner, uint64_t seed, bool rescale) {
    if (learner == NULL) {
        return FP_ERR_ARGUMENT;
    }
    if (!learner->has_mask || learner->training.running) {
        return FP_ERR_STATE;
    }
    fp_learner_draw_values(learner, seed, rescale);
    return FP_OK;
}
