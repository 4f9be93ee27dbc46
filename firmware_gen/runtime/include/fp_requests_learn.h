/* The requests of a board that learns: 0x20 to 0x2F of docs/protocol.md. Only learner firmware links them.
 *
 *     fp_learning_init(&learning, &fp_generated_learner, &memory);
 *     store = fp_learning_store(&learning);
 *     fp_transfer_init(&transfer, &store);
 *     learn = (fp_learn){&learning, &transfer};
 *     const fp_service services[] = {fp_learn_service(&learn), fp_transfer_service(&transfer)};
 *     fp_device_serve(&device, services, 2);
 */
#ifndef FP_REQUESTS_LEARN_H
#define FP_REQUESTS_LEARN_H

#include "fp_learning.h"
#include "fp_transfer.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What the handlers work on. */
typedef struct fp_learn {
    fp_learning *learning;
    fp_transfer *transfer; /* ended where a request needs the memory that it writes to */
} fp_learn;

/* The requests, for fp_device_serve; `learn` stays the caller's and must stay valid. */
fp_service fp_learn_service(fp_learn *learn);

#ifdef __cplusplus
}
#endif
#endif
