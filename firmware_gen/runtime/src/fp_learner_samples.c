/* A learner's own samples and the order in which it sees them. */
#include <string.h>

#include "fp_bytes.h"
#include "fp_float.h"
#include "fp_learner_state.h"

uint32_t fp_learner_sample_capacity(const fp_learner *learner) {
    return learner->spec->plan.sample_capacity;
}

uint32_t fp_learner_sample_count(const fp_learner *learner) {
    return learner->sample_count;
}

/* Copy into the plan's region of `capacity` bytes. */
static fp_status put(fp_learner *learner, uint32_t region, uint32_t capacity, uint32_t offset, const uint8_t *bytes,
                     uint32_t length) {
    if (learner->training.running) {
        return FP_ERR_STATE;
    }
    if (offset > capacity || length > capacity - offset) {
        return FP_ERR_CAPACITY;
    }
    memcpy((uint8_t *)fp_at(learner, region) + offset, bytes, length);
    return FP_OK;
}

fp_status fp_learner_sample_put(fp_learner *learner, uint32_t offset, const uint8_t *bytes, uint32_t length) {
    if (learner == NULL || bytes == NULL) {
        return FP_ERR_ARGUMENT;
    }
    const fp_learner_plan *plan = &learner->spec->plan;
    const uint32_t capacity = plan->sample_capacity * learner->spec->sample_bytes;
    const fp_status status = put(learner, plan->samples, capacity, offset, bytes, length);
    if (status == FP_OK) {
        learner->sample_count = 0;
        learner->order_count = 0;
    }
    return status;
}

fp_status fp_learner_label_put(fp_learner *learner, uint32_t first, const uint8_t *labels, uint32_t count) {
    if (learner == NULL || labels == NULL) {
        return FP_ERR_ARGUMENT;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (labels[i] >= learner->spec->classes) {
            return FP_ERR_ARGUMENT;
        }
    }
    const fp_learner_plan *plan = &learner->spec->plan;
    const fp_status status = put(learner, plan->labels, plan->sample_capacity, first, labels, count);
    if (status == FP_OK) {
        learner->sample_count = 0;
        learner->order_count = 0;
    }
    return status;
}

fp_status fp_learner_sample_end(fp_learner *learner, uint32_t count) {
    if (learner == NULL) {
        return FP_ERR_ARGUMENT;
    }
    const fp_learner_spec *spec = learner->spec;
    if (learner->training.running) {
        return FP_ERR_STATE;
    }
    if (count > spec->plan.sample_capacity) {
        return FP_ERR_CAPACITY;
    }
    const uint8_t *samples = (const uint8_t *)fp_at(learner, spec->plan.samples);
    if (spec->sample_format == FP_SAMPLE_FLOAT32 &&
        fp_wire_check(FP_WIRE_FLOAT32, samples, count * (spec->sample_bytes / 4u)) != FP_OK) {
        return FP_ERR_NUMBER;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (fp_label(learner, i) >= spec->classes) {
            return FP_ERR_ARGUMENT;
        }
    }
    learner->sample_count = count;
    learner->order_count = 0;
    return FP_OK;
}

fp_status fp_learner_order_put(fp_learner *learner, uint32_t first, const uint8_t *bytes, uint32_t count) {
    if (learner == NULL || bytes == NULL) {
        return FP_ERR_ARGUMENT;
    }
    const fp_learner_plan *plan = &learner->spec->plan;
    uint16_t *order = (uint16_t *)fp_at(learner, plan->order);
    if (learner->training.running || first > learner->order_count) {
        return FP_ERR_STATE;
    }
    if (first > plan->order_capacity || count > plan->order_capacity - first) {
        return FP_ERR_CAPACITY;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (load16_le(bytes + 2u * i) >= learner->sample_count) {
            return FP_ERR_ARGUMENT;
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        order[first + i] = load16_le(bytes + 2u * i);
    }
    learner->order_count = first + count > learner->order_count ? first + count : learner->order_count;
    return FP_OK;
}

fp_status fp_learner_shift_put(fp_learner *learner, uint32_t first, const uint8_t *bytes, uint32_t count) {
    if (learner == NULL || bytes == NULL) {
        return FP_ERR_ARGUMENT;
    }
    const fp_learner_plan *plan = &learner->spec->plan;
    if (learner->training.running || first > learner->shift_count) {
        return FP_ERR_STATE;
    }
    if (first > plan->shift_capacity || count > plan->shift_capacity - first) {
        return FP_ERR_CAPACITY;
    }
    memcpy((uint8_t *)fp_at(learner, plan->shifts) + 2u * (size_t)first, bytes, 2u * (size_t)count);
    learner->shift_count = first + count > learner->shift_count ? first + count : learner->shift_count;
    return FP_OK;
}

static float element(const fp_learner_spec *spec, const uint8_t *sample, uint32_t position) {
    return spec->sample_format == FP_SAMPLE_U8 ? (float)sample[position] * spec->sample_scale
                                               : fp_float_of(load32_le(sample + 4u * position));
}

void fp_learner_load(const fp_learner *learner, uint32_t sample, int32_t down, int32_t right) {
    const fp_learner_spec *spec = learner->spec;
    const uint8_t *from = (const uint8_t *)fp_at(learner, spec->plan.samples) + sample * spec->sample_bytes;
    const int32_t height = spec->input.height, width = spec->input.width;
    float *to = fp_activations_at(learner) + spec->layers[0].source.values;
    for (uint32_t channel = 0; channel < spec->input.channels; channel++) {
        for (int32_t y = 0; y < height; y++) {
            for (int32_t x = 0; x < width; x++) {
                const int32_t row = y - down, column = x - right;
                const bool inside = row >= 0 && row < height && column >= 0 && column < width;
                *to++ = inside ? element(spec, from, (uint32_t)(row * width + column) * spec->input.channels + channel)
                               : 0.0f;
            }
        }
    }
}
