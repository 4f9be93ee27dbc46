/* What a round begins with and what it sends back: payloads of docs/wire.md. */
#include <string.h>

#include "fp_learner_state.h"

/* Where a round's payload is kept. As float32 it becomes the values at once, and a copy is kept if there is room. */
static uint8_t *received_at(const fp_learner *learner) {
    return (uint8_t *)fp_at(learner, learner->spec->plan.received);
}

static bool keeps_received(const fp_learner *learner) {
    return learner->spec->plan.received_bytes >= fp_learner_payload_bytes(learner);
}

static uint8_t *payload_at(const fp_learner *learner) {
    return keeps_received(learner) ? received_at(learner) : (uint8_t *)fp_values_at(learner);
}

static bool has_room(const fp_learner *learner, fp_wire_encoding encoding) {
    const uint32_t bytes = fp_wire_bytes(encoding, learner->value_count);
    return encoding == FP_WIRE_FLOAT32 ||
           (learner->spec->plan.has_residual != 0 && bytes <= learner->spec->plan.received_bytes);
}

static fp_status may_begin(const fp_learner *learner, fp_wire_encoding encoding) {
    if (learner == NULL || (encoding != FP_WIRE_FLOAT32 && encoding != FP_WIRE_FLOAT16 && encoding != FP_WIRE_INT8)) {
        return FP_ERR_ARGUMENT;
    }
    if (!learner->has_mask || learner->training.running) {
        return FP_ERR_STATE;
    }
    return has_room(learner, encoding) ? FP_OK : FP_ERR_CAPACITY;
}

static void start(fp_learner *learner, fp_wire_encoding encoding) {
    learner->encoding = (uint8_t)encoding;
    learner->payload_at = learner->update_bytes = 0;
    learner->order_count = learner->shift_count = 0;
    learner->has_received = false;
}

void fp_learner_forget_values(fp_learner *learner) {
    learner->has_values = learner->has_received = false;
}

fp_status fp_learner_round_begin(fp_learner *learner, fp_wire_encoding encoding) {
    const fp_status status = may_begin(learner, encoding);
    if (status == FP_OK) {
        start(learner, encoding);
        learner->receiving = true;
    }
    return status;
}

fp_status fp_learner_round_from_values(fp_learner *learner, fp_wire_encoding encoding) {
    const fp_status status = may_begin(learner, encoding);
    if (status != FP_OK) {
        return status;
    }
    if (!learner->has_values) {
        return FP_ERR_STATE;
    }
    start(learner, encoding);
    learner->receiving = false;
    if (keeps_received(learner)) {
        fp_wire_write(encoding, fp_values_at(learner), received_at(learner), learner->value_count);
        fp_wire_read(encoding, received_at(learner), fp_values_at(learner), learner->value_count);
    }
    learner->has_received = true;
    return FP_OK;
}

uint32_t fp_learner_payload_bytes(const fp_learner *learner) {
    return fp_wire_bytes((fp_wire_encoding)learner->encoding, fp_learner_value_count(learner));
}

fp_status fp_learner_payload_put(fp_learner *learner, uint32_t offset, const uint8_t *bytes, uint32_t length) {
    if (learner == NULL || bytes == NULL) {
        return FP_ERR_ARGUMENT;
    }
    if (!learner->receiving) {
        return FP_ERR_STATE;
    }
    if (offset <= learner->payload_at && length <= learner->payload_at - offset) {
        return FP_OK;
    }
    if (offset != learner->payload_at || length > fp_learner_payload_bytes(learner) - offset) {
        return FP_ERR_ARGUMENT;
    }
    learner->has_values = false;
    memcpy(payload_at(learner) + offset, bytes, length);
    learner->payload_at += length;
    return FP_OK;
}

fp_status fp_learner_payload_end(fp_learner *learner) {
    if (learner == NULL) {
        return FP_ERR_ARGUMENT;
    }
    if (!learner->receiving || learner->payload_at != fp_learner_payload_bytes(learner)) {
        return FP_ERR_STATE;
    }
    const fp_wire_encoding encoding = (fp_wire_encoding)learner->encoding;
    const fp_status status = fp_wire_check(encoding, payload_at(learner), learner->value_count);
    learner->receiving = false;
    learner->has_values = learner->has_received = status == FP_OK;
    if (status == FP_OK) {
        fp_wire_read(encoding, payload_at(learner), fp_values_at(learner), learner->value_count);
    }
    return status;
}

/* --- up --- */

static float received_value(const fp_learner *learner, uint32_t position) {
    return fp_wire_value((fp_wire_encoding)learner->encoding, received_at(learner), position);
}

static float wanted_value(const fp_learner *learner, uint32_t position) {
    const float change = fp_values_at(learner)[position] - received_value(learner, position);
    return change + ((const float *)fp_at(learner, learner->spec->plan.residual))[position];
}

/* The payload goes where the velocity was. */
static void write_update(const fp_learner *learner, fp_wire_encoding encoding) {
    float wanted[FP_WIRE_BLOCK];
    uint8_t *payload = (uint8_t *)fp_velocity_at(learner);
    for (uint32_t at = 0; at < learner->value_count; at += FP_WIRE_BLOCK) {
        const uint32_t left = learner->value_count - at;
        const uint32_t count = left < FP_WIRE_BLOCK ? left : FP_WIRE_BLOCK;
        for (uint32_t i = 0; i < count; i++) {
            wanted[i] = wanted_value(learner, at + i);
        }
        fp_wire_write(encoding, wanted, payload, count);
        payload += fp_wire_bytes(encoding, count);
    }
}

static void step_residual(const fp_learner *learner, fp_wire_encoding encoding) {
    const uint8_t *payload = (const uint8_t *)fp_velocity_at(learner);
    float *residual = (float *)fp_at(learner, learner->spec->plan.residual);
    for (uint32_t i = 0; i < learner->value_count; i++) {
        residual[i] = wanted_value(learner, i) - fp_wire_value(encoding, payload, i);
    }
}

fp_status fp_learner_update_begin(fp_learner *learner) {
    if (learner == NULL) {
        return FP_ERR_ARGUMENT;
    }
    if (!learner->has_values || !learner->has_received || learner->training.running) {
        return FP_ERR_STATE;
    }
    const fp_wire_encoding encoding = (fp_wire_encoding)learner->encoding;
    if (learner->update_bytes != 0) {
        return FP_OK;
    }
    if (encoding != FP_WIRE_FLOAT32) {
        write_update(learner, encoding);
        const fp_status status =
            fp_wire_check(encoding, (const uint8_t *)fp_velocity_at(learner), learner->value_count);
        if (status != FP_OK) {
            return status;
        }
        step_residual(learner, encoding);
    }
    learner->update_bytes = fp_learner_payload_bytes(learner);
    return FP_OK;
}

uint32_t fp_learner_update_bytes(const fp_learner *learner) {
    return learner->update_bytes;
}

fp_status fp_learner_update_get(const fp_learner *learner, uint32_t offset, uint8_t *bytes, uint32_t length) {
    if (learner == NULL || bytes == NULL || offset > learner->update_bytes || length > learner->update_bytes - offset) {
        return FP_ERR_ARGUMENT;
    }
    const bool plain = learner->encoding == FP_WIRE_FLOAT32;
    const float *from = plain ? fp_values_at(learner) : fp_velocity_at(learner);
    memcpy(bytes, (const uint8_t *)from + offset, length);
    return FP_OK;
}
