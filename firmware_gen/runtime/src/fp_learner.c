#include "fp_learner.h"

#include <string.h>

#include "fp_learner_state.h"

static bool is_aligned(const void *piece) {
    return ((uintptr_t)piece & 7u) == 0;
}

void *fp_at(const fp_learner *learner, uint32_t offset) {
    const uint32_t first_bytes = learner->spec->plan.bytes;
    return offset < first_bytes ? learner->first + offset : learner->second + (offset - first_bytes);
}

fp_status fp_learner_init(fp_learner *learner, const fp_learner_spec *spec, const fp_learner_memory *memory) {
    if (learner == NULL || spec == NULL || memory == NULL || spec->layer_count == 0) {
        return FP_ERR_ARGUMENT;
    }
    const fp_learner_plan *plan = &spec->plan;
    if (memory->first == NULL || !is_aligned(memory->first) || !is_aligned(memory->second) ||
        (memory->second == NULL && plan->second_bytes > 0)) {
        return FP_ERR_ARGUMENT;
    }
    if (memory->first_bytes < plan->bytes || memory->second_bytes < plan->second_bytes ||
        (spec->mask != NULL && spec->mask->values > plan->value_capacity)) {
        return FP_ERR_CAPACITY;
    }
    memset(learner, 0, sizeof *learner);
    learner->spec = spec;
    learner->first = (uint8_t *)memory->first;
    learner->second = (uint8_t *)memory->second;
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
