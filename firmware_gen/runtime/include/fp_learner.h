/* A client of the federation on a microcontroller: a sparse network that learns from its own samples.
 *
 *     fp_learner_init(&learner, &fp_generated_learner, &memory);
 *     fp_learner_seed(&learner, &request, progress, context);       its mask and initial values, from a seed; or
 *     fp_learner_mask_begin / _put / _end, then fp_learner_draw       a mask over the link; or a baked one and _draw
 *     fp_learner_sample_put(...)                                      its shard, once
 *     each round:
 *         fp_learner_round_begin, fp_learner_payload_put, fp_learner_payload_end      the server's values
 *         fp_learner_order_put, fp_learner_shift_put, fp_learner_train                local epochs
 *         fp_learner_update_begin, fp_learner_update_get                              its update
 *
 * No heap, no globals; the caller owns both the learner and its memory. Every function checks what it is given and
 * returns an fp_status: FP_ERR_ARGUMENT for what is out of range, FP_ERR_CAPACITY for what the plan has no room for,
 * FP_ERR_STATE for a call out of order, FP_ERR_NUMBER for values that are not finite, FP_ERR_STOPPED when a progress
 * callback asked to stop. Unless said otherwise a refused call changes nothing.
 *
 * docs/learning.md says what is computed, docs/synflow.md how masks are found, docs/wire.md how values are written.
 * Floats are IEEE 754 binary32 and no operation is contracted, so that every machine ends with the same bits.
 */
#ifndef FP_LEARNER_H
#define FP_LEARNER_H

#include <stdbool.h>
#include <stdint.h>

#include "fp_learner_spec.h"
#include "fp_status.h"
#include "fp_wire.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Called now and then during long work, `done` of `total` steps; false stops it. May answer the link, but must not
 * call into the same learner. */
typedef bool (*fp_progress)(void *context, uint32_t done, uint32_t total);

/* What a mask request says: the weights are drawn from `seed`, and iteration i keeps the keep[i] best of them. */
typedef struct fp_seed_request {
    uint64_t seed;
    const uint32_t *keep; /* weights of prunable tensors that are kept after each iteration; never rises */
    uint32_t iterations;  /* at least 1 */
} fp_seed_request;

/* One client's local training, as trainer.engines.local does it. */
typedef struct fp_train_work {
    uint16_t epochs;     /* passes over the samples; the order has epochs * samples positions */
    uint16_t batch_size; /* the last batch of an epoch may be short */
    float learning_rate;
    float momentum;     /* the velocity starts at zero */
    float weight_decay; /* added to the gradient: weight_decay * w */
    float proximal;     /* FedProx: proximal * (w - w at the start of the round); needs received_bytes */
    bool moved;         /* whether batches are moved by the shifts that were put */
} fp_train_work;

typedef struct fp_train_result {
    float loss;       /* mean cross-entropy over all samples seen, in nats, each before its batch's step */
    uint32_t samples; /* of the shard */
    uint32_t seen;    /* epochs * samples */
} fp_train_result;

typedef struct fp_evaluation {
    uint32_t samples;
    uint32_t correct;
    float loss; /* mean */
} fp_evaluation;

/* Private: where local training stands. */
typedef struct fp_training {
    fp_train_work work;
    uint32_t at;        /* samples seen */
    uint32_t batch;     /* number of the batch */
    uint32_t in_batch;  /* samples of it that have been seen */
    uint32_t this_size; /* samples of it */
    float loss;         /* sum over the samples seen */
    bool running;
} fp_training;

/* What a caller lends a learner, each piece 8-byte aligned: most chips have all RAM in one piece, some have two. */
typedef struct fp_learner_memory {
    void *first;
    void *second;          /* NULL where the plan asks for none */
    uint32_t first_bytes;  /* at least spec->plan.bytes */
    uint32_t second_bytes; /* at least spec->plan.second_bytes */
} fp_learner_memory;

/* All members are private. */
typedef struct fp_learner {
    const fp_learner_spec *spec;
    uint8_t *first;
    uint8_t *second;
    const uint16_t *counts;
    const uint16_t *columns;
    uint32_t value_count;
    uint32_t fingerprint;
    uint32_t mask_at;   /* bytes of a mask that have arrived */
    uint32_t mask_next; /* first position that may follow */
    uint32_t mask_base; /* of the tensor that is being filled */
    uint32_t mask_gap;  /* of an unfinished number */
    uint16_t mask_tensor;
    uint8_t mask_shift;
    uint32_t sample_count;
    uint32_t order_count;
    uint32_t shift_count;
    uint32_t payload_at; /* bytes of the round's payload that have arrived */
    uint32_t update_bytes;
    uint8_t encoding; /* fp_wire_encoding of the round */
    bool mask_loading;
    bool has_mask;
    bool has_values;
    bool receiving;
    bool has_received; /* the received payload of this round is there */
    fp_training training;
} fp_learner;

/* A baked mask is in force at once; there are no values and no samples yet, and residuals are zero. The memory stays
 * the caller's; the struct that names it is not kept. */
fp_status fp_learner_init(fp_learner *learner, const fp_learner_spec *spec, const fp_learner_memory *memory);

/* --- mask --- */

/* Find the mask by SynFlow and draw the kept values from the seed, rescaled as docs/seeded-init.md says. Uses the
 * memory beyond the mask as scratch: samples, values and residuals are gone, even if it fails. FP_ERR_STATE with a
 * baked mask; FP_ERR_CAPACITY where the plan has no scratch or no room for the values; FP_ERR_COLLAPSED where a tensor
 * would keep nothing (the host repairs such masks: load it instead). */
fp_status fp_learner_seed(fp_learner *learner, const fp_seed_request *request, fp_progress progress, void *context);

/* Load a mask in pieces: for every kept element of every tensor, biases too, its distance from the one before in the
 * concatenation of all tensors, minus 1, as LEB128. Values and residuals are gone once begin has returned FP_OK.
 * put: pieces come in order; one that has arrived before, whole, is taken again and changes nothing.
 * FP_ERR_ENCODING: the numbers are overlong or lead beyond the last tensor; FP_ERR_CAPACITY: more elements than the
 * plan has room for. After these begin again. */
fp_status fp_learner_mask_begin(fp_learner *learner);
fp_status fp_learner_mask_put(fp_learner *learner, uint32_t offset, const uint8_t *bytes, uint32_t length);
fp_status fp_learner_mask_end(fp_learner *learner);

/* Draw the values of the mask in force from a seed; `rescale` as docs/seeded-init.md has it for survivors. */
fp_status fp_learner_draw(fp_learner *learner, uint64_t seed, bool rescale);

bool fp_learner_has_mask(const fp_learner *learner);
/* trainer.masks.fingerprint of the mask in force; 0 without one. */
uint32_t fp_learner_mask_fingerprint(const fp_learner *learner);

/* --- values --- */

/* Kept values, in the order of trainer.values.pack_values; 0 without a mask. */
uint32_t fp_learner_value_count(const fp_learner *learner);
/* The values themselves; NULL where there are none. They change in training. */
const float *fp_learner_values(const fp_learner *learner);

/* There are no values from now on: they were refused, or are about to be written over. */
void fp_learner_forget_values(fp_learner *learner);

/* Begin a round whose values come in an encoding. FP_ERR_CAPACITY where the plan has no room for it.
 * Then put the payload's pieces in order (or repeat one that has arrived), then end: it decodes them.
 * FP_ERR_NUMBER or FP_ERR_ENCODING from end: the payload has a fault, and the learner has no values. */
fp_status fp_learner_round_begin(fp_learner *learner, fp_wire_encoding encoding);
/* Begin a round from the values that are there, rounded as if the server had sent them: the first round, where both
 * ends have drawn them from a seed. */
fp_status fp_learner_round_from_values(fp_learner *learner, fp_wire_encoding encoding);
uint32_t fp_learner_payload_bytes(const fp_learner *learner); /* of a round in its encoding */
fp_status fp_learner_payload_put(fp_learner *learner, uint32_t offset, const uint8_t *bytes, uint32_t length);
fp_status fp_learner_payload_end(fp_learner *learner);

/* Turn what training has changed into the update's payload, and step the residual; may be called again, which changes
 * nothing. Then get pieces of it, as often as wanted, until the next training. */
fp_status fp_learner_update_begin(fp_learner *learner);
uint32_t fp_learner_update_bytes(const fp_learner *learner);
fp_status fp_learner_update_get(const fp_learner *learner, uint32_t offset, uint8_t *bytes, uint32_t length);

/* What encodings have lost so far, for a server that moves a client elsewhere; NULL where the plan has none. */
float *fp_learner_residual(fp_learner *learner);

/* --- samples --- */

uint32_t fp_learner_sample_capacity(const fp_learner *learner);
uint32_t fp_learner_sample_count(const fp_learner *learner);
/* Write bytes of samples, `offset` bytes from the first sample's start; pieces may cut samples anywhere. */
fp_status fp_learner_sample_put(fp_learner *learner, uint32_t offset, const uint8_t *bytes, uint32_t length);
/* Write labels of samples from position `first` on; each below the number of classes. */
fp_status fp_learner_label_put(fp_learner *learner, uint32_t first, const uint8_t *labels, uint32_t count);
/* Declare how many samples the shard has, all of which have been put. FP_ERR_NUMBER: a float32 sample is not finite. */
fp_status fp_learner_sample_end(fp_learner *learner, uint32_t count);

/* --- training --- */

/* The order in which samples are seen, little-endian uint16 positions, `first` of them being there already:
 * trainer.engines.batches draws it, without the filling of short batches. Each is below the number of samples. */
fp_status fp_learner_order_put(fp_learner *learner, uint32_t first, const uint8_t *bytes, uint32_t count);
/* For each batch, pixels down and right, two signed bytes; trainer.engines.shifts draws them. */
fp_status fp_learner_shift_put(fp_learner *learner, uint32_t first, const uint8_t *bytes, uint32_t count);

/* All of local training; the progress callback is asked after every sample. Stopped or failed training leaves the
 * learner without values: begin the round again. FP_ERR_NUMBER: the loss or a value is no longer finite. */
fp_status fp_learner_train(fp_learner *learner, const fp_train_work *work, fp_progress progress, void *context,
                           fp_train_result *result);

/* The same in steps of one sample each, for callers with a loop of their own: step until `*done`. */
fp_status fp_learner_train_begin(fp_learner *learner, const fp_train_work *work);
fp_status fp_learner_train_step(fp_learner *learner, bool *done);
fp_status fp_learner_train_end(fp_learner *learner, fp_train_result *result);

/* Accuracy and loss of the present values on the learner's own samples. */
fp_status fp_learner_evaluate(fp_learner *learner, fp_progress progress, void *context, fp_evaluation *result);

/* Logits of one stored sample, classes floats, inside that memory; NULL if there is no such sample or no values. */
const float *fp_learner_logits(fp_learner *learner, uint32_t sample);

#ifdef __cplusplus
}
#endif
#endif
