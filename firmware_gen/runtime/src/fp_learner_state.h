/* Where a learner's things lie: the plan's offsets as pointers. Used by the fp_learner_*.c files. */
#ifndef FP_LEARNER_STATE_H
#define FP_LEARNER_STATE_H

#include <stddef.h>

#include "fp_learner.h"

/* Where one of the plan's offsets is. In fp_learner.c. */
void *fp_at(const fp_learner *learner, uint32_t offset);

static inline float *fp_values_at(const fp_learner *learner) {
    return (float *)fp_at(learner, learner->spec->plan.values);
}

static inline float *fp_velocity_at(const fp_learner *learner) {
    return (float *)fp_at(learner, learner->spec->plan.velocity);
}

static inline float *fp_activations_at(const fp_learner *learner) {
    return (float *)fp_at(learner, learner->spec->plan.activations);
}

static inline uint32_t *fp_starts_at(const fp_learner *learner) {
    return (uint32_t *)fp_at(learner, learner->spec->plan.starts);
}

static inline uint8_t *fp_live_at(const fp_learner *learner) {
    return (uint8_t *)fp_at(learner, learner->spec->plan.live);
}

/* A tensor's kept elements: counts of its rows, columns and values in that order. */
typedef struct fp_kept {
    const uint16_t *counts;
    const uint16_t *columns;
    float *values;
    float *velocity;
    uint32_t rows;
} fp_kept;

static inline fp_kept fp_kept_of(const fp_learner *learner, uint16_t tensor) {
    const uint32_t start = fp_starts_at(learner)[tensor];
    const fp_learner_tensor *of = &learner->spec->tensors[tensor];
    const fp_kept kept = {learner->counts + of->first_row, learner->columns + start, fp_values_at(learner) + start,
                          fp_velocity_at(learner) + start, of->rows};
    return kept;
}

static inline uint32_t fp_pixels(fp_shape shape) {
    return (uint32_t)shape.height * shape.width;
}

/* The RAM copy of counts and columns, for masks that are not baked. */
static inline uint16_t *fp_counts_at(const fp_learner *learner) {
    return (uint16_t *)fp_at(learner, learner->spec->plan.counts);
}

static inline uint16_t *fp_columns_at(const fp_learner *learner) {
    return (uint16_t *)fp_at(learner, learner->spec->plan.columns);
}

/* Put a mask in force whose counts and columns are in place: finds each tensor's start and the live channels, forgets
 * values and residuals. `fingerprint` is computed unless it is given. In fp_learner_mask.c. */
void fp_learner_adopt(fp_learner *learner, uint32_t values, const uint32_t *fingerprint);

/* Forget everything that belongs to a mask. */
void fp_learner_forget_mask(fp_learner *learner);

/* Flags of a channel: kept weights connect it with the sample and with the logits; or it is live, or one of those that
 * it is added to or handed on as is. The host trains the weights between channels that stay, and no others. */
#define FP_CHANNEL_LIVE 1u
#define FP_CHANNEL_STAYS 4u

/* Find the live channels under the mask in force (docs/learning.md). In fp_learner_live.c. */
void fp_learner_find_live(fp_learner *learner);

/* In fp_learner_draw.c, without checks. */
void fp_learner_draw_values(fp_learner *learner, uint64_t seed, bool rescale);

/* Load a stored sample into the activations, moved. In fp_learner_samples.c. */
void fp_learner_load(const fp_learner *learner, uint32_t sample, int32_t down, int32_t right);

/* Clear all activations: before the first sample under a mask, and whenever something else has been there. */
void fp_layers_prepare(const fp_learner *learner);

/* All layers, forwards, on the sample that was loaded; and backwards from the logits' gradient. In fp_layers.c. */
void fp_layers_forward(const fp_learner *learner);
void fp_layers_backward(const fp_learner *learner);

static inline const fp_learner_layer *fp_last_layer(const fp_learner *learner) {
    return &learner->spec->layers[learner->spec->layer_count - 1u];
}

static inline uint8_t fp_label(const fp_learner *learner, uint32_t sample) {
    return ((const uint8_t *)fp_at(learner, learner->spec->plan.labels))[sample];
}

#endif
