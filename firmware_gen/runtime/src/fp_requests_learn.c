#include "fp_requests_learn.h"

#include <string.h>

#include "fp_bytes.h"
#include "fp_device.h"
#include "fp_learning_store.h"

/* How often a host hears that long work goes on: every second, on the board's own clock. */
#define WORKING_PER_SECOND 1u
/* What a payload of 1024 bytes has room for; longer ones take no more of the stack. */
#define MOST_ITERATIONS 253u

typedef struct working {
    fp_device *device;
    const fp_frame *request;
    uint64_t next; /* ticks at which the host is told again */
} working;

static fp_learning *learning_of(const fp_reply *reply) {
    return ((const fp_learn *)reply->context)->learning;
}

static uint64_t now(const fp_device *device) {
    return device->port->ticks(device->port->context);
}

static float load_float(const uint8_t *bytes) {
    uint32_t word = load32_le(bytes);
    float value;
    memcpy(&value, &word, sizeof value);
    return value;
}

static void store_float(uint8_t *bytes, float value) {
    uint32_t word;
    memcpy(&word, &value, sizeof word);
    store32_le(bytes, word);
}

static working start_working(fp_device *device, const fp_frame *request) {
    working state = {device, request, now(device) + device->port->tick_hz / WORKING_PER_SECOND};
    fp_device_send_working(device, request);
    return state;
}

static bool keep_alive(void *context, uint32_t done, uint32_t total) {
    working *state = (working *)context;
    (void)done;
    (void)total;
    if (now(state->device) >= state->next) {
        fp_device_send_working(state->device, state->request);
        state->next = now(state->device) + state->device->port->tick_hz / WORKING_PER_SECOND;
    }
    return true;
}

static fp_link_error refuse(const fp_learning *learning, fp_learning_fault fault, fp_reply *reply) {
    return fp_learning_refusal(learning, fault, &reply->detail);
}

static fp_link_error check_model(const fp_learning *learning, const uint8_t *field, fp_reply *reply) {
    uint32_t own = load32_le(learning->spec->sha256);
    if (load32_le(field) == own) {
        return FP_LINK_OK;
    }
    reply->detail = own;
    return FP_LINK_BAD_MODEL;
}

static uint8_t state_of(const fp_learning *learning) {
    const fp_learner *learner = &learning->learner;
    const fp_learner_plan *plan = &learning->spec->plan;
    uint8_t state = 0;
    state |= fp_learner_has_mask(learner) ? 1u : 0u;
    state |= fp_learner_values(learner) != NULL ? 2u : 0u;
    state |= fp_learner_sample_count(learner) > 0 ? 4u : 0u;
    state |= learning->trained != 0 ? 8u : 0u;
    state |= learning->spec->mask == NULL && plan->scratch_bytes > 0 ? 16u : 0u;
    state |= plan->has_residual ? 32u : 0u;
    return state;
}

static fp_link_error handle_learner(fp_device *device, const fp_frame *request, fp_reply *reply) {
    const fp_learning *learning = learning_of(reply);
    const fp_learner_spec *spec = learning->spec;
    uint8_t *to = reply->payload;
    (void)device;
    (void)request;
    to[FP_LEARNER_REPLY_FORMAT] = FP_LEARNER_FORMAT;
    to[FP_LEARNER_REPLY_STATE] = state_of(learning);
    to[FP_LEARNER_REPLY_SAMPLE_FORMAT] = spec->sample_format;
    store16_le(to + FP_LEARNER_REPLY_CLASSES, spec->classes);
    store32_le(to + FP_LEARNER_REPLY_SAMPLE_BYTES, spec->sample_bytes);
    store_float(to + FP_LEARNER_REPLY_SAMPLE_SCALE_BITS, spec->sample_scale);
    store32_le(to + FP_LEARNER_REPLY_SAMPLE_CAPACITY, spec->plan.sample_capacity);
    store32_le(to + FP_LEARNER_REPLY_ORDER_CAPACITY, spec->plan.order_capacity);
    store32_le(to + FP_LEARNER_REPLY_VALUE_CAPACITY, spec->plan.value_capacity);
    store32_le(to + FP_LEARNER_REPLY_BLOCK_BYTES, spec->plan.bytes + spec->plan.second_bytes);
    store32_le(to + FP_LEARNER_REPLY_VALUES, fp_learner_value_count(&learning->learner));
    store32_le(to + FP_LEARNER_REPLY_MASK, fp_learner_mask_fingerprint(&learning->learner));
    store32_le(to + FP_LEARNER_REPLY_SAMPLES, fp_learner_sample_count(&learning->learner));
    store32_le(to + FP_LEARNER_REPLY_SHARD_CRC32, learning->shard_crc32);
    store32_le(to + FP_LEARNER_REPLY_ROUND, learning->trained);
    store32_le(to + FP_LEARNER_REPLY_RESIDUAL_ROUND, learning->residual_round);
    store32_le(to + FP_LEARNER_REPLY_RUNS, learning->runs);
    store_float(to + FP_LEARNER_REPLY_NORM_MAX, FP_LEARNING_NORM_MAX);
    reply->length = FP_LEARNER_REPLY_BYTES;
    return FP_LINK_OK;
}

/* The number of iterations that comes next to so many bytes of them. */
static uint32_t allowed_iterations(uint32_t bytes) {
    uint32_t whole = bytes < 4u ? 1u : bytes / 4u;
    return whole < MOST_ITERATIONS ? whole : MOST_ITERATIONS;
}

/* The request's payload is not aligned, so the numbers are read one by one into `keep`. */
static fp_link_error handle_seed(fp_device *device, const fp_frame *request, fp_reply *reply) {
    fp_learning *learning = learning_of(reply);
    const uint8_t *from = request->payload;
    uint32_t bytes = request->length - FP_SEED_REQUEST_BYTES;
    uint32_t iterations = allowed_iterations(bytes);
    uint32_t keep[MOST_ITERATIONS];
    if (check_model(learning, from + FP_SEED_REQUEST_MODEL, reply) != FP_LINK_OK) {
        return FP_LINK_BAD_MODEL;
    }
    if (bytes != 4u * iterations) {
        reply->detail = FP_SEED_REQUEST_BYTES + 4u * iterations;
        return FP_LINK_BAD_LENGTH;
    }
    for (uint32_t i = 0; i < iterations; i++) {
        keep[i] = load32_le(from + FP_SEED_REQUEST_KEEP + 4u * i);
    }
    uint64_t seed = load32_le(from + FP_SEED_REQUEST_SEED);
    seed |= (uint64_t)load32_le(from + FP_SEED_REQUEST_SEED + 4u) << 32;
    fp_transfer_abandon(((const fp_learn *)reply->context)->transfer); /* the scratch memory lies over all of it */
    fp_seed_request wanted = {.seed = seed, .keep = keep, .iterations = iterations};
    uint64_t began = now(device);
    working state = start_working(device, request);
    fp_learning_fault fault = fp_learning_seed(learning, &wanted, keep_alive, &state);
    if (fault != FP_LEARNING_OK) {
        return refuse(learning, fault, reply);
    }
    store32_le(reply->payload + FP_SEED_REPLY_MASK, fp_learner_mask_fingerprint(&learning->learner));
    store32_le(reply->payload + FP_SEED_REPLY_VALUES, fp_learner_value_count(&learning->learner));
    store64_le(reply->payload + FP_SEED_REPLY_TICKS, now(device) - began);
    reply->length = FP_SEED_REPLY_BYTES;
    return FP_LINK_OK;
}

static fp_round read_round(const uint8_t *from) {
    fp_round round = {
        .number = load32_le(from + FP_ROUND_REQUEST_NUMBER),
        .task = load32_le(from + FP_ROUND_REQUEST_TASK_CRC32),
        .mask = load32_le(from + FP_ROUND_REQUEST_MASK),
        .run = load32_le(from + FP_ROUND_REQUEST_RUN),
        .since = load32_le(from + FP_ROUND_REQUEST_SINCE),
        .work = {.epochs = load16_le(from + FP_ROUND_REQUEST_EPOCHS),
                 .batch_size = load16_le(from + FP_ROUND_REQUEST_BATCH_SIZE),
                 .learning_rate = load_float(from + FP_ROUND_REQUEST_LEARNING_RATE),
                 .momentum = load_float(from + FP_ROUND_REQUEST_MOMENTUM),
                 .weight_decay = load_float(from + FP_ROUND_REQUEST_WEIGHT_DECAY),
                 .proximal = load_float(from + FP_ROUND_REQUEST_PROXIMAL),
                 .moved = from[FP_ROUND_REQUEST_MOVED] != 0},
        .encoding = from[FP_ROUND_REQUEST_ENCODING],
    };
    return round;
}

static fp_link_error handle_round(fp_device *device, const fp_frame *request, fp_reply *reply) {
    fp_learning *learning = learning_of(reply);
    fp_round round = read_round(request->payload);
    (void)device;
    if (check_model(learning, request->payload + FP_ROUND_REQUEST_MODEL, reply) != FP_LINK_OK) {
        return FP_LINK_BAD_MODEL;
    }
    fp_learning_fault fault = fp_learning_round(learning, &round);
    if (fault != FP_LEARNING_OK) {
        return refuse(learning, fault, reply);
    }
    store32_le(reply->payload + FP_ROUND_REPLY_TOTAL, learning->task_bytes);
    reply->payload[FP_ROUND_REPLY_READY] = learning->has_task ? 1u : 0u;
    reply->payload[FP_ROUND_REPLY_TRAINED] = learning->trained != 0 ? 1u : 0u;
    store32_le(reply->payload + FP_ROUND_REPLY_RESIDUAL_ROUND, learning->residual_round);
    reply->length = FP_ROUND_REPLY_BYTES;
    return FP_LINK_OK;
}

static fp_link_error handle_train(fp_device *device, const fp_frame *request, fp_reply *reply) {
    fp_learning *learning = learning_of(reply);
    uint32_t number = load32_le(request->payload + FP_TRAIN_REQUEST_NUMBER);
    bool again = number != 0 && learning->trained == number;
    uint64_t began = now(device);
    working state = start_working(device, request);
    fp_learning_fault fault = fp_learning_train(learning, number, keep_alive, &state);
    if (fault != FP_LEARNING_OK) {
        return refuse(learning, fault, reply);
    }
    if (!again) {
        learning->ticks = now(device) - began;
    }
    store32_le(reply->payload + FP_TRAIN_REPLY_NUMBER, number);
    store_float(reply->payload + FP_TRAIN_REPLY_LOSS, learning->result.loss);
    store32_le(reply->payload + FP_TRAIN_REPLY_SAMPLES, learning->result.samples);
    store32_le(reply->payload + FP_TRAIN_REPLY_SEEN, learning->result.seen);
    store64_le(reply->payload + FP_TRAIN_REPLY_TICKS, learning->ticks);
    store32_le(reply->payload + FP_TRAIN_REPLY_UPDATE_BYTES, fp_learner_update_bytes(&learning->learner));
    reply->length = FP_TRAIN_REPLY_BYTES;
    return FP_LINK_OK;
}

static fp_link_error handle_evaluate(fp_device *device, const fp_frame *request, fp_reply *reply) {
    fp_learning *learning = learning_of(reply);
    fp_evaluation result;
    uint64_t began = now(device);
    working state = start_working(device, request);
    fp_learning_fault fault = fp_learning_evaluate(learning, keep_alive, &state, &result);
    if (fault != FP_LEARNING_OK) {
        return refuse(learning, fault, reply);
    }
    store32_le(reply->payload + FP_EVALUATE_REPLY_SAMPLES, result.samples);
    store32_le(reply->payload + FP_EVALUATE_REPLY_CORRECT, result.correct);
    store_float(reply->payload + FP_EVALUATE_REPLY_LOSS, result.loss);
    store64_le(reply->payload + FP_EVALUATE_REPLY_TICKS, now(device) - began);
    reply->length = FP_EVALUATE_REPLY_BYTES;
    return FP_LINK_OK;
}

static const fp_route routes[] = {
    FP_ROUTE(LEARNER, handle_learner), FP_ROUTE(SEED, handle_seed),         FP_ROUTE(ROUND, handle_round),
    FP_ROUTE(TRAIN, handle_train),     FP_ROUTE(EVALUATE, handle_evaluate),
};

fp_service fp_learn_service(fp_learn *learn) {
    return (fp_service){.routes = routes, .count = sizeof routes / sizeof routes[0], .context = learn};
}
