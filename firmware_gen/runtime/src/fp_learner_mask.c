/* Masks: loading, taking into force, and their fingerprint. */
#include <string.h>

#include "fp_crc32.h"
#include "fp_learner_state.h"

void fp_learner_forget_mask(fp_learner *learner) {
    learner->has_mask = learner->has_values = learner->has_received = learner->receiving = false;
    learner->mask_loading = learner->training.running = false;
    learner->value_count = learner->update_bytes = 0;
}

/* A CRC over a tensor's bits, eight to a byte, the first one highest. */
typedef struct bit_crc {
    uint32_t crc;
    uint32_t at; /* byte that is being filled */
    uint8_t byte;
} bit_crc;

static void crc_up_to(bit_crc *state, uint32_t byte) {
    static const uint8_t zeros[32] = {0};
    if (state->at == byte) {
        return;
    }
    state->crc = fp_crc32(state->crc, &state->byte, 1);
    for (uint32_t left = byte - state->at - 1u; left != 0;) {
        const uint32_t some = left < sizeof zeros ? left : (uint32_t)sizeof zeros;
        state->crc = fp_crc32(state->crc, zeros, some);
        left -= some;
    }
    state->at = byte;
    state->byte = 0;
}

static uint32_t crc_of_bits(uint32_t crc, const fp_learner_tensor *tensor, fp_kept kept) {
    bit_crc state = {crc, 0, 0};
    const uint16_t *column = kept.columns;
    for (uint32_t row = 0; row < tensor->rows; row++) {
        for (uint32_t left = kept.counts[row]; left != 0; left--) {
            const uint32_t bit = row * tensor->columns + *column++;
            crc_up_to(&state, bit / 8u);
            state.byte = (uint8_t)(state.byte | 0x80u >> bit % 8u);
        }
    }
    crc_up_to(&state, (tensor->rows * tensor->columns + 7u) / 8u);
    return state.crc;
}

static uint32_t kept_in(fp_kept kept) {
    uint32_t sum = 0;
    for (uint32_t row = 0; row < kept.rows; row++) {
        sum += kept.counts[row];
    }
    return sum;
}

/* As trainer.masks.fingerprint: a tensor that cannot be pruned and is whole counts as one byte. */
static uint32_t fingerprint_of(const fp_learner *learner) {
    static const uint8_t whole = 0xFF;
    uint32_t crc = 0;
    for (uint16_t t = 0; t < learner->spec->tensor_count; t++) {
        const fp_learner_tensor *tensor = &learner->spec->tensors[t];
        const fp_kept kept = fp_kept_of(learner, t);
        const bool all = tensor->prunable == 0 && kept_in(kept) == tensor->rows * tensor->columns;
        crc = all ? fp_crc32(crc, &whole, 1) : crc_of_bits(crc, tensor, kept);
    }
    return crc;
}

void fp_learner_adopt(fp_learner *learner, uint32_t values, const uint32_t *fingerprint) {
    const fp_learner_spec *spec = learner->spec;
    uint32_t *starts = fp_starts_at(learner);
    uint32_t start = 0;
    fp_learner_forget_mask(learner);
    for (uint16_t t = 0; t < spec->tensor_count; t++) {
        starts[t] = start;
        start += kept_in(fp_kept_of(learner, t));
    }
    learner->value_count = values;
    learner->has_mask = true;
    learner->fingerprint = fingerprint != NULL ? *fingerprint : fingerprint_of(learner);
    fp_learner_find_live(learner);
    if (spec->plan.has_residual != 0) {
        memset(fp_at(learner, spec->plan.residual), 0, sizeof(float) * spec->plan.value_capacity);
    }
}

fp_status fp_learner_mask_begin(fp_learner *learner) {
    if (learner == NULL) {
        return FP_ERR_ARGUMENT;
    }
    if (learner->spec->mask != NULL || learner->training.running) {
        return FP_ERR_STATE;
    }
    fp_learner_forget_mask(learner);
    memset(fp_counts_at(learner), 0, sizeof(uint16_t) * learner->spec->rows);
    learner->mask_at = learner->mask_next = learner->mask_base = learner->mask_gap = 0;
    learner->mask_tensor = 0;
    learner->mask_shift = 0;
    learner->mask_loading = true;
    return FP_OK;
}

static uint32_t size_of(const fp_learner_tensor *tensor) {
    return tensor->rows * tensor->columns;
}

/* One kept element, at a position in the concatenation of all tensors. */
static fp_status keep(fp_learner *learner, uint32_t gap) {
    const fp_learner_spec *spec = learner->spec;
    const fp_learner_tensor *tensor = &spec->tensors[learner->mask_tensor];
    if (gap > UINT32_MAX - 1u - learner->mask_next) {
        return FP_ERR_ENCODING;
    }
    const uint32_t position = learner->mask_next + gap;
    while (position - learner->mask_base >= size_of(tensor)) {
        learner->mask_base += size_of(tensor);
        if (++learner->mask_tensor == spec->tensor_count) {
            return FP_ERR_ENCODING;
        }
        tensor++;
    }
    if (learner->value_count == spec->plan.value_capacity) {
        return FP_ERR_CAPACITY;
    }
    const uint32_t within = position - learner->mask_base;
    fp_counts_at(learner)[tensor->first_row + within / tensor->columns]++;
    fp_columns_at(learner)[learner->value_count++] = (uint16_t)(within % tensor->columns);
    learner->mask_next = position + 1u;
    return FP_OK;
}

static fp_status take_byte(fp_learner *learner, uint8_t byte) {
    if (learner->mask_shift == 28u && (byte & 0xF0u) != 0) { /* 4 bits are left */
        return FP_ERR_ENCODING;
    }
    learner->mask_gap |= (uint32_t)(byte & 0x7Fu) << learner->mask_shift;
    if ((byte & 0x80u) != 0) {
        learner->mask_shift = (uint8_t)(learner->mask_shift + 7u);
        return FP_OK;
    }
    const fp_status status =
        learner->mask_tensor < learner->spec->tensor_count ? keep(learner, learner->mask_gap) : FP_ERR_ENCODING;
    learner->mask_gap = 0;
    learner->mask_shift = 0;
    return status;
}

fp_status fp_learner_mask_put(fp_learner *learner, uint32_t offset, const uint8_t *bytes, uint32_t length) {
    if (learner == NULL || bytes == NULL) {
        return FP_ERR_ARGUMENT;
    }
    if (!learner->mask_loading) {
        return FP_ERR_STATE;
    }
    if (offset <= learner->mask_at && length <= learner->mask_at - offset) {
        return FP_OK;
    }
    if (offset != learner->mask_at || length > UINT32_MAX - offset) {
        return FP_ERR_ARGUMENT;
    }
    for (uint32_t i = 0; i < length; i++) {
        const fp_status status = take_byte(learner, bytes[i]);
        if (status != FP_OK) {
            fp_learner_forget_mask(learner);
            return status;
        }
    }
    learner->mask_at += length;
    return FP_OK;
}

fp_status fp_learner_mask_end(fp_learner *learner) {
    if (learner == NULL) {
        return FP_ERR_ARGUMENT;
    }
    if (!learner->mask_loading) {
        return FP_ERR_STATE;
    }
    if (learner->mask_shift != 0) {
        fp_learner_forget_mask(learner);
        return FP_ERR_ENCODING;
    }
    learner->counts = fp_counts_at(learner);
    learner->columns = fp_columns_at(learner);
    fp_learner_adopt(learner, learner->value_count, NULL);
    return FP_OK;
}
