/* What a learner sends and receives in transfers: its mask, its shard, a round's task and update. Bytes lie where the
 * memory plan has them while they arrive, in any order; nothing comes into force before all are there and checked. */
#ifndef FP_LEARNING_STORE_H
#define FP_LEARNING_STORE_H

#include "fp_learning.h"
#include "fp_transfer.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Kinds of transfers, and what `item` is. */
typedef enum fp_learning_kind {
    FP_LEARNING_MASK = 1,  /* put; as fp_learner_mask_put takes it; item 0 */
    FP_LEARNING_SHARD = 2, /* put; a label a sample, then the samples; item 0 */
    FP_LEARNING_TASK = 3,  /* put; the order, the shifts and the values of the round `item`, which has begun */
    FP_LEARNING_UPDATE = 4 /* get; of the round `item`, which was trained last */
} fp_learning_kind;

/* The store of a learning, for fp_transfer_init. */
fp_transfer_store fp_learning_store(fp_learning *learning);

/* The named error of a fault, with the number that explains it. */
fp_link_error fp_learning_refusal(const fp_learning *learning, fp_learning_fault fault, uint32_t *detail);

#ifdef __cplusplus
}
#endif
#endif
