#include "fp_learning_store.h"

#include <string.h>

#include "fp_learner_state.h"

#define PIECE 64u

typedef fp_status (*put_function)(fp_learner *learner, uint32_t first, const uint8_t *bytes, uint32_t count);

/* A stretch of a content, and where it lies in the learner's memory. */
typedef struct stretch {
    uint32_t from; /* offset in the content */
    uint32_t to;
    uint32_t at; /* the plan's offset */
} stretch;

static uint32_t smaller(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

fp_link_error fp_learning_refusal(const fp_learning *learning, fp_learning_fault fault, uint32_t *detail) {
    float norm = FP_LEARNING_NORM_MAX;
    *detail = (uint32_t)-(int32_t)learning->status;
    switch (fault) {
    case FP_LEARNING_OK:
        return FP_LINK_OK;
    case FP_LEARNING_NO_MASK:
        *detail = fp_learner_mask_fingerprint(&learning->learner);
        return FP_LINK_BAD_MASK;
    case FP_LEARNING_NO_SHARD:
        *detail = fp_learner_sample_capacity(&learning->learner);
        return FP_LINK_NO_SHARD;
    case FP_LEARNING_ROUND:
        *detail = learning->round.number;
        return FP_LINK_BAD_ROUND;
    case FP_LEARNING_INCOMPLETE:
        *detail = learning->task_bytes;
        return FP_LINK_INCOMPLETE;
    case FP_LEARNING_SIZE:
        *detail = learning->spec->plan.order_capacity;
        return FP_LINK_BAD_SIZE;
    case FP_LEARNING_NUMBER:
        return FP_LINK_BAD_VALUES;
    case FP_LEARNING_NORM:
        memcpy(detail, &norm, sizeof norm);
        return FP_LINK_BAD_NORM;
    case FP_LEARNING_FAILED:
        break;
    }
    return FP_LINK_LEARNER_FAILED;
}

static uint32_t values_at(const fp_learning *learning) {
    const fp_learner_plan *plan = &learning->spec->plan;
    bool apart = plan->received_bytes >= fp_learner_payload_bytes(&learning->learner);
    return apart ? plan->received : plan->values;
}

/* --- where bytes lie --- */

static uint32_t shard_samples(const fp_learning *learning, uint32_t bytes) {
    return bytes / (learning->spec->sample_bytes + 1u);
}

/* The stretches of what is put, at most three; returns how many. A mask lies where the velocity will be. */
static uint32_t stretches_of(const fp_learning *learning, stretch found[3]) {
    const fp_learning_transfer *transfer = &learning->transfer;
    const fp_learner_plan *plan = &learning->spec->plan;
    uint32_t shifts = learning->order_bytes + learning->shift_bytes;
    switch (transfer->kind) {
    case FP_LEARNING_MASK:
        found[0] = (stretch){0, transfer->bytes, plan->velocity};
        return 1;
    case FP_LEARNING_SHARD:
        found[0] = (stretch){0, shard_samples(learning, transfer->bytes), plan->labels};
        found[1] = (stretch){found[0].to, transfer->bytes, plan->samples};
        return 2;
    default:
        found[0] = (stretch){0, learning->order_bytes, plan->order};
        found[1] = (stretch){learning->order_bytes, shifts, plan->shifts};
        found[2] = (stretch){shifts, learning->task_bytes, values_at(learning)};
        return 3;
    }
}

static void copy(const fp_learning *learning, uint32_t offset, uint8_t *out, const uint8_t *in, uint32_t length) {
    stretch found[3];
    uint32_t count = stretches_of(learning, found);
    for (uint32_t i = 0; i < count; i++) {
        if (offset >= found[i].from && offset < found[i].to && length > 0) {
            uint32_t part = smaller(length, found[i].to - offset);
            uint8_t *place = (uint8_t *)fp_at(&learning->learner, found[i].at) + (offset - found[i].from);
            if (in != NULL) {
                memcpy(place, in, part);
                in += part;
            } else {
                memcpy(out, place, part);
                out += part;
            }
            offset += part;
            length -= part;
        }
    }
}

static void write_bytes(void *context, uint32_t offset, const uint8_t *bytes, uint32_t length) {
    copy((const fp_learning *)context, offset, NULL, bytes, length);
}

static void read_bytes(void *context, uint32_t offset, uint8_t *bytes, uint32_t length) {
    const fp_learning *learning = (const fp_learning *)context;
    memset(bytes, 0, length);
    if (learning->transfer.is_put) {
        copy(learning, offset, bytes, NULL, length);
    } else {
        (void)fp_learner_update_get(&learning->learner, offset, bytes, length);
    }
}

/* --- what may begin --- */

static fp_link_error wrong_length(uint32_t right, uint32_t *detail) {
    *detail = right;
    return FP_LINK_BAD_LENGTH;
}

static fp_link_error begin_mask(fp_learning *learning, const fp_transfer_content *content, uint32_t *detail) {
    uint32_t room = learning->spec->plan.value_capacity * (uint32_t)sizeof(float);
    if (learning->spec->mask != NULL) {
        *detail = content->kind;
        return FP_LINK_BAD_KIND;
    }
    if (content->bytes == 0 || content->bytes > room) {
        return wrong_length(room, detail);
    }
    fp_learning_forget_round(learning);
    return FP_LINK_OK;
}

static fp_link_error begin_shard(fp_learning *learning, const fp_transfer_content *content, uint32_t *detail) {
    uint32_t each = learning->spec->sample_bytes + 1u;
    uint32_t room = learning->spec->plan.sample_capacity * each;
    if (content->bytes == 0 || content->bytes > room || content->bytes % each != 0) {
        return wrong_length(room, detail);
    }
    fp_learning_forget_round(learning);
    learning->shard_crc32 = 0;
    return fp_learning_refusal(learning, fp_learning_fault_of(learning, fp_learner_sample_end(&learning->learner, 0)),
                               detail);
}

static fp_link_error begin_task(fp_learning *learning, const fp_transfer_content *content, uint32_t *detail) {
    const fp_round *round = &learning->round;
    if (content->item == 0 || content->item != round->number || content->crc32 != round->task ||
        learning->trained == round->number) {
        return fp_learning_refusal(learning, FP_LEARNING_ROUND, detail);
    }
    if (content->bytes != learning->task_bytes) {
        return wrong_length(learning->task_bytes, detail);
    }
    learning->has_task = false;
    fp_learner_forget_values(&learning->learner); /* they may lie where the task is going to */
    return fp_learning_refusal(
        learning,
        fp_learning_fault_of(learning, fp_learner_round_begin(&learning->learner, (fp_wire_encoding)round->encoding)),
        detail);
}

static fp_link_error begin_update(const fp_learning *learning, fp_transfer_content *content, uint32_t *detail) {
    if (content->item == 0 || content->item != learning->trained) {
        *detail = learning->trained;
        return FP_LINK_BAD_ROUND;
    }
    content->bytes = fp_learner_update_bytes(&learning->learner);
    return FP_LINK_OK;
}

static fp_link_error begin(void *context, fp_transfer_content *content, uint32_t *detail) {
    fp_learning *learning = (fp_learning *)context;
    fp_link_error error = FP_LINK_BAD_KIND;
    *detail = content->kind;
    if (content->is_put && content->kind == FP_LEARNING_MASK) {
        error = begin_mask(learning, content, detail);
    } else if (content->is_put && content->kind == FP_LEARNING_SHARD) {
        error = begin_shard(learning, content, detail);
    } else if (content->is_put && content->kind == FP_LEARNING_TASK) {
        error = begin_task(learning, content, detail);
    } else if (!content->is_put && content->kind == FP_LEARNING_UPDATE) {
        error = begin_update(learning, content, detail);
    }
    if (error == FP_LINK_OK) {
        fp_learning_transfer transfer = {content->bytes, content->kind, content->is_put};
        learning->transfer = transfer;
    }
    return error;
}

/* --- what comes into force --- */

/* Hand bytes that lie in its memory to the learner, piece by piece: `put` copies them to where they are. */
static fp_status feed(fp_learning *learning, put_function put, uint32_t at, uint32_t bytes, uint32_t unit) {
    const uint8_t *from = (const uint8_t *)fp_at(&learning->learner, at);
    uint8_t piece[PIECE];
    fp_status status = FP_OK;
    for (uint32_t done = 0; status == FP_OK && done < bytes;) {
        uint32_t part = smaller(bytes - done, PIECE);
        memcpy(piece, from + done, part);
        status = put(&learning->learner, done / unit, piece, part / unit);
        done += part;
    }
    return status;
}

static fp_status commit_mask(fp_learning *learning, uint32_t bytes) {
    fp_status status = fp_learner_mask_begin(&learning->learner);
    learning->residual_round = 0;
    if (status == FP_OK) {
        status = feed(learning, fp_learner_mask_put, learning->spec->plan.velocity, bytes, 1);
    }
    return status == FP_OK ? fp_learner_mask_end(&learning->learner) : status;
}

static fp_status commit_shard(fp_learning *learning, const fp_transfer_content *content) {
    fp_status status = fp_learner_sample_end(&learning->learner, shard_samples(learning, content->bytes));
    if (status == FP_OK) {
        learning->shard_crc32 = content->crc32;
    }
    return status;
}

/* Positions of one byte become positions of two, in place, from the last one on. */
static void widen_order(const fp_learning *learning) {
    uint8_t *order = (uint8_t *)fp_at(&learning->learner, learning->spec->plan.order);
    for (uint32_t i = learning->order_bytes; i-- > 0;) {
        uint8_t position = order[i];
        order[2u * i] = position;
        order[2u * i + 1u] = 0;
    }
}

static bool is_too_long(const fp_learning *learning) {
    const float *values = fp_learner_values(&learning->learner);
    float sum = 0.0f;
    for (uint32_t i = 0; values != NULL && i < fp_learner_value_count(&learning->learner); i++) {
        sum += values[i] * values[i];
    }
    return !(sum <= FP_LEARNING_NORM_MAX * FP_LEARNING_NORM_MAX);
}

static fp_learning_fault commit_task(fp_learning *learning) {
    const fp_learner_plan *plan = &learning->spec->plan;
    fp_learner *learner = &learning->learner;
    bool narrow = fp_learning_is_narrow(learning);
    if (narrow) {
        widen_order(learning);
    }
    fp_status status = feed(learning, fp_learner_order_put, plan->order, learning->order_bytes * (narrow ? 2u : 1u), 2);
    if (status == FP_OK) {
        status = feed(learning, fp_learner_shift_put, plan->shifts, learning->shift_bytes, 2);
    }
    if (status == FP_OK) {
        status = feed(learning, fp_learner_payload_put, values_at(learning), fp_learner_payload_bytes(learner), 1);
    }
    if (status == FP_OK) {
        status = fp_learner_payload_end(learner);
    }
    if (status == FP_OK && is_too_long(learning)) {
        fp_learner_forget_values(learner);
        return FP_LEARNING_NORM;
    }
    learning->has_task = status == FP_OK;
    return fp_learning_fault_of(learning, status);
}

static fp_link_error commit(void *context, const fp_transfer_content *content, uint32_t *detail) {
    fp_learning *learning = (fp_learning *)context;
    fp_learning_fault fault = FP_LEARNING_ROUND;
    if (content->kind == FP_LEARNING_MASK) {
        fault = fp_learning_fault_of(learning, commit_mask(learning, content->bytes));
    } else if (content->kind == FP_LEARNING_SHARD) {
        fault = fp_learning_fault_of(learning, commit_shard(learning, content));
    } else if (content->item == learning->round.number && content->crc32 == learning->round.task &&
               content->bytes == learning->task_bytes) {
        fault = commit_task(learning);
    }
    fp_link_error error = fp_learning_refusal(learning, fault, detail);
    if (fault != FP_LEARNING_OK && content->kind == FP_LEARNING_TASK) {
        fp_learning_forget_round(learning);
    }
    return error;
}

fp_transfer_store fp_learning_store(fp_learning *learning) {
    fp_transfer_store store = {
        .context = learning, .begin = begin, .write = write_bytes, .read = read_bytes, .commit = commit};
    return store;
}
