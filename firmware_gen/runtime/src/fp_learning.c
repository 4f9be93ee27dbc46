#include "fp_learning.h"

#include <string.h>

#include "fp_float.h"

#define NARROW_SAMPLES 256u /* shards up to here have positions of one byte */

fp_learning_fault fp_learning_fault_of(fp_learning *learning, fp_status status) {
    learning->status = status;
    switch (status) {
    case FP_OK:
        return FP_LEARNING_OK;
    case FP_ERR_CAPACITY:
        return FP_LEARNING_SIZE;
    case FP_ERR_NUMBER:
    case FP_ERR_ENCODING:
        return FP_LEARNING_NUMBER;
    default:
        return FP_LEARNING_FAILED;
    }
}

void fp_learning_forget_round(fp_learning *learning) {
    memset(&learning->round, 0, sizeof learning->round);
    learning->has_task = false;
    learning->task_bytes = learning->order_bytes = learning->shift_bytes = 0;
    learning->trained = 0;
}

static void forget_residual(fp_learning *learning) {
    float *residual = fp_learner_residual(&learning->learner);
    if (residual != NULL) {
        memset(residual, 0, sizeof *residual * fp_learner_value_count(&learning->learner));
    }
    learning->residual_round = 0;
}

bool fp_learning_is_narrow(const fp_learning *learning) {
    return fp_learner_sample_count(&learning->learner) <= NARROW_SAMPLES;
}

fp_status fp_learning_init(fp_learning *learning, const fp_learner_spec *spec, const fp_learner_memory *memory) {
    if (learning == NULL || spec == NULL) {
        return FP_ERR_ARGUMENT;
    }
    memset(learning, 0, sizeof *learning);
    learning->spec = spec;
    return fp_learner_init(&learning->learner, spec, memory);
}

fp_learning_fault fp_learning_seed(fp_learning *learning, const fp_seed_request *request, fp_progress progress,
                                   void *context) {
    fp_learning_forget_round(learning);
    learning->shard_crc32 = 0;
    learning->residual_round = 0;
    return fp_learning_fault_of(learning, fp_learner_seed(&learning->learner, request, progress, context));
}

static bool same_number(float a, float b) {
    return memcmp(&a, &b, sizeof a) == 0;
}

static bool same_work(const fp_train_work *a, const fp_train_work *b) {
    return a->epochs == b->epochs && a->batch_size == b->batch_size && a->moved == b->moved &&
           same_number(a->learning_rate, b->learning_rate) && same_number(a->momentum, b->momentum) &&
           same_number(a->weight_decay, b->weight_decay) && same_number(a->proximal, b->proximal);
}

static bool same_round(const fp_round *a, const fp_round *b) {
    return a->number == b->number && a->task == b->task && a->mask == b->mask && a->run == b->run &&
           a->encoding == b->encoding && same_work(&a->work, &b->work);
}

static bool is_rate(float value) {
    return fp_is_finite(value) && value >= 0.0f;
}

static bool has_rates(const fp_train_work *work) {
    return is_rate(work->learning_rate) && is_rate(work->momentum) && is_rate(work->weight_decay) &&
           is_rate(work->proximal);
}

/* FedProx's pull is towards what was received, so a copy of that must have room. */
static bool has_room_for_pull(const fp_learning *learning, const fp_train_work *work) {
    return !(work->proximal > 0.0f) ||
           learning->spec->plan.received_bytes >= fp_learner_payload_bytes(&learning->learner);
}

/* Sizes of the parts of the task; false where the plan has no room. */
static bool measure(fp_learning *learning, const fp_train_work *work) {
    uint32_t samples = fp_learner_sample_count(&learning->learner);
    if (work->epochs > learning->spec->plan.order_capacity / samples) {
        return false;
    }
    learning->order_bytes = work->epochs * samples * (fp_learning_is_narrow(learning) ? 1u : 2u);
    learning->shift_bytes = work->moved ? 2u * work->epochs * ((samples - 1u) / work->batch_size + 1u) : 0u;
    return learning->shift_bytes / 2u <= learning->spec->plan.shift_capacity;
}

static fp_learning_fault begin_round(fp_learning *learning, const fp_round *round) {
    fp_learner *learner = &learning->learner;
    fp_learning_forget_round(learning);
    if (!measure(learning, &round->work)) {
        fp_learning_forget_round(learning);
        return FP_LEARNING_SIZE;
    }
    fp_status status = fp_learner_round_begin(learner, (fp_wire_encoding)round->encoding);
    if (status == FP_OK && !has_room_for_pull(learning, &round->work)) {
        status = FP_ERR_CAPACITY;
    }
    if (status != FP_OK) {
        fp_learning_forget_round(learning);
        return fp_learning_fault_of(learning, status);
    }
    if (round->since == 0 || round->run != learning->residual_run) {
        forget_residual(learning);
    }
    learning->residual_run = round->run;
    learning->round = *round;
    learning->task_bytes = learning->order_bytes + learning->shift_bytes + fp_learner_payload_bytes(learner);
    return FP_LEARNING_OK;
}

fp_learning_fault fp_learning_round(fp_learning *learning, const fp_round *round) {
    fp_learner *learner = &learning->learner;
    if (!fp_learner_has_mask(learner) || round->mask != fp_learner_mask_fingerprint(learner)) {
        return FP_LEARNING_NO_MASK;
    }
    if (fp_learner_sample_count(learner) == 0) {
        return FP_LEARNING_NO_SHARD;
    }
    if (round->number == 0 || round->work.batch_size == 0 || round->work.epochs == 0) {
        return FP_LEARNING_ROUND;
    }
    if (!has_rates(&round->work)) {
        return fp_learning_fault_of(learning, FP_ERR_NUMBER);
    }
    return same_round(round, &learning->round) ? FP_LEARNING_OK : begin_round(learning, round);
}

fp_learning_fault fp_learning_train(fp_learning *learning, uint32_t number, fp_progress progress, void *context) {
    fp_learner *learner = &learning->learner;
    if (number == 0 || number != learning->round.number) {
        return FP_LEARNING_ROUND;
    }
    if (learning->trained == number) {
        return FP_LEARNING_OK;
    }
    if (!learning->has_task) {
        return FP_LEARNING_INCOMPLETE;
    }
    fp_status status = fp_learner_train(learner, &learning->round.work, progress, context, &learning->result);
    if (status == FP_OK) {
        status = fp_learner_update_begin(learner);
    }
    if (status != FP_OK) {
        fp_learning_forget_round(learning);
        return fp_learning_fault_of(learning, status);
    }
    learning->trained = number;
    learning->residual_round = number;
    learning->runs++;
    return FP_LEARNING_OK;
}

fp_learning_fault fp_learning_evaluate(fp_learning *learning, fp_progress progress, void *context,
                                       fp_evaluation *result) {
    if (fp_learner_sample_count(&learning->learner) == 0) {
        return FP_LEARNING_NO_SHARD;
    }
    bool arriving = learning->round.number != 0 && !learning->has_task;
    if (arriving || fp_learner_values(&learning->learner) == NULL) {
        return FP_LEARNING_INCOMPLETE;
    }
    return fp_learning_fault_of(learning, fp_learner_evaluate(&learning->learner, progress, context, result));
}
