#include "fp_learner.h"

#include <string.h>

#include "fp_learner_state.h"

static bool is_aligned(const void *block) {
    return ((uintptr_t)block & 7u) == 0;
}

fp_status fp_learner_init(fp_learner *learner, const fp_learner_spec *spec, void *block, uint32_t bytes) {
    if (learner == NULL || spec == NULL || block == NULL || !is_aligned(block) || spec->layer_count == 0) {
        return FP_ERR_ARGUMENT;
    }
    if (bytes < spec->plan.bytes || (spec->mask != NULL && spec->mask->values > spec->plan.value_capacity)) {
        return FP_ERR_CAPACITY;
    }
    memset(learner, 0, sizeof *learner);
    learner->spec = spec;
    learner->block = (uint8_t *)block;
    if (spec->mask != NULL) {
        learner->counts = spec->mask->counts;
        learner->columns = spec->mask->columns;
        fp_learner_adopt(learner, spec->mask->values, &spec->mask->fingerprint);
    }
    return FP_OK;
}

bool fp_learner_has_mask(const fp_learner *learner) {
    return learner->has_mask;
}

uint32_t fp_learner_mask_fingerprint(const fp_learner *learner) {
    return learner->has_mask ? learner->fingerprint : 0u;
}

uint32_t fp_learner_value_count(const fp_learner *learner) {
    return learner->has_mask ? learner->value_count : 0u;
}

const float *fp_learner_values(const fp_learner *learner) {
    return learner->has_values ? fp_values_at(learner) : NULL;
}

float *fp_learner_residual(fp_learner *learner) {
    return learner->spec->plan.has_residual != 0 ? (float *)fp_at(learner, learner->spec->plan.residual) : NULL;
}
