/* A learner's part in a federation: which round it is in, what of it is there, and what was trained last. It knows
 * neither frames nor messages; fp_requests_learn.c has those.
 *
 *     mask (or seed), shard            once
 *     round, its task, train, update   again and again
 *
 * A round that has begun, or has been trained, is recognised, so a host may ask for anything twice. Objects travel by
 * fp_transfer.h, through the store of fp_learning_store.h, straight into the places of the learner's memory plan.
 */
#ifndef FP_LEARNING_H
#define FP_LEARNING_H

#include <stdbool.h>
#include <stdint.h>

#include "fp_learner.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Largest Euclidean norm of the values that a host may send; what is longer was never a model. */
#ifndef FP_LEARNING_NORM_MAX
#define FP_LEARNING_NORM_MAX 100000.0f
#endif

/* A round as the host announces it. */
typedef struct fp_round {
    uint32_t number; /* from 1 */
    uint32_t task;   /* CRC-32 of the task: with all that follows it says whether two rounds are the same */
    uint32_t mask;   /* fingerprint that the values are packed under */
    uint32_t run;    /* which federation this is: a residual of another one is dropped */
    uint32_t since; /* the latest round of this run that the host knows to be trained here; 0: none, start with zeros */
    fp_train_work work;
    uint8_t encoding; /* fp_wire_encoding */
} fp_round;

typedef enum fp_learning_fault {
    FP_LEARNING_OK = 0,
    FP_LEARNING_NO_MASK,    /* no mask, or another than the round's */
    FP_LEARNING_NO_SHARD,   /* no samples */
    FP_LEARNING_ROUND,      /* not the round that has begun, or none has */
    FP_LEARNING_INCOMPLETE, /* the round's task, or values, are not there */
    FP_LEARNING_SIZE,       /* more than the plan has room for */
    FP_LEARNING_NUMBER,     /* NaN, an infinity, or bytes that stand for no number */
    FP_LEARNING_NORM,       /* longer than FP_LEARNING_NORM_MAX */
    FP_LEARNING_FAILED      /* `status` says why */
} fp_learning_fault;

/* A transfer under way: fp_learning_store.c keeps it. */
typedef struct fp_learning_transfer {
    uint32_t bytes;
    uint8_t kind;
    bool is_put;
} fp_learning_transfer;

/* Written by fp_learning*.c alone. */
typedef struct fp_learning {
    fp_learner learner;
    const fp_learner_spec *spec;
    uint32_t shard_crc32; /* of the shard in force */
    fp_round round;       /* that has begun; number 0: none */
    uint32_t order_bytes; /* of its task: positions, then shifts, then values */
    uint32_t shift_bytes;
    uint32_t task_bytes;
    bool has_task;           /* it is there, and its values are in force */
    uint32_t trained;        /* number of the round whose update is there; 0: none */
    uint32_t residual_round; /* the latest round that stepped the residual; 0: it is zeros */
    uint32_t residual_run;
    fp_learning_transfer transfer;
    fp_train_result result;
    uint64_t ticks; /* of that training */
    uint32_t runs;  /* trainings since reset */
    fp_status status;
} fp_learning;

/* As fp_learner_init. */
fp_status fp_learning_init(fp_learning *learning, const fp_learner_spec *spec, const fp_learner_memory *memory);

/* Compute mask and values from a seed; forgets rounds, samples and residuals, which its scratch memory overlaps. */
fp_learning_fault fp_learning_seed(fp_learning *learning, const fp_seed_request *request, fp_progress progress,
                                   void *context);

/* Begin a round, or find out that it has begun. */
fp_learning_fault fp_learning_round(fp_learning *learning, const fp_round *round);

/* Train the round that has begun; trained already, it changes nothing. The caller times it. */
fp_learning_fault fp_learning_train(fp_learning *learning, uint32_t number, fp_progress progress, void *context);

/* Accuracy and loss of the present values on the shard. */
fp_learning_fault fp_learning_evaluate(fp_learning *learning, fp_progress progress, void *context,
                                       fp_evaluation *result);

/* Forget the round that has begun or been trained, and its update. */
void fp_learning_forget_round(fp_learning *learning);

/* The fault that a status of the learner stands for; kept in `status`. */
fp_learning_fault fp_learning_fault_of(fp_learning *learning, fp_status status);

/* Whether positions of samples travel in one byte; larger shards take two. */
bool fp_learning_is_narrow(const fp_learning *learning);

#ifdef __cplusplus
}
#endif
#endif
