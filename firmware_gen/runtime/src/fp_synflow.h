/* SynFlow on whole numbers, as docs/synflow.md defines it: the same mask wherever it is computed.
 *
 * The dense model is nowhere: weights are drawn again from the seed whenever they are needed, and what remains of them
 * is one bit each.
 */
#ifndef FP_SYNFLOW_H
#define FP_SYNFLOW_H

#include "fp_learner_state.h"
#include "fp_seeded.h"

#define FP_SYNFLOW_BINS 2048u
#define FP_SYNFLOW_LEAST_CANDIDATES 1024u
#define FP_FLOW_BITS 24u
#define FP_EXPONENT_OF_TOTAL 500u /* of a score as large as the whole flow */

/* A kept weight whose score lies in the same bin as the threshold. */
typedef struct fp_candidate {
    uint32_t position;
    uint32_t key;
} fp_candidate;

/* Where a threshold is searched: bins of 2^shift keys from `low` on. */
typedef struct fp_selection {
    uint32_t low;
    uint32_t shift;
    uint32_t above;  /* keys beyond the last bin */
    uint32_t in_bin; /* keys in the bin that the threshold was found in */
    uint32_t wanted; /* of these, how many are kept: those with the highest keys, the first of equals first */
    uint32_t taken;  /* so many of equal keys have been kept */
    bool listed;     /* whether they are listed and chosen from afterwards */
} fp_selection;

typedef struct fp_synflow {
    fp_learner *learner;
    const fp_learner_spec *spec;
    uint64_t seed;
    uint64_t *sums;
    uint32_t *forward;         /* flow into each output, by its offset among the activations */
    uint32_t *backward;        /* and out of it */
    int32_t *forward_exponent; /* of the sample, then of each layer's output */
    int32_t *backward_exponent;
    int32_t total_bits; /* of the whole flow */
    uint32_t *alive;    /* a bit for each prunable weight, tensor after tensor */
    uint32_t prunable;
    uint32_t *bins;
    fp_candidate *candidates;
    uint32_t candidate_capacity;
    uint32_t candidate_count;
    fp_selection selection;
} fp_synflow;

/* What a walk over the kept weights does. */
typedef enum fp_flow_pass {
    FP_FLOW_FORWARD,  /* flows into outputs */
    FP_FLOW_BACKWARD, /* flows out of inputs, and counts scores */
    FP_FLOW_COUNT,    /* counts scores */
    FP_FLOW_CUT       /* drops what lies below the threshold, lists what lies at it */
} fp_flow_pass;

/* Flows through all layers. Backwards it counts all scores as well. In fp_synflow.c. */
void fp_synflow_forward(fp_synflow *flow);
void fp_synflow_backward(fp_synflow *flow);

/* Score all kept weights, in the order of their positions. */
void fp_synflow_scores(fp_synflow *flow, fp_flow_pass pass);

/* Drop all but the `keep` best of the kept weights. In fp_synflow_select.c. */
void fp_synflow_select(fp_synflow *flow, uint32_t keep);

/* One score, when weights are counted and cut. */
void fp_synflow_count(fp_synflow *flow, uint32_t key);
void fp_synflow_cut(fp_synflow *flow, uint32_t position, uint32_t key);

/* The first set bit in [position, end), or `end`. */
uint32_t fp_next_alive(const uint32_t *alive, uint32_t position, uint32_t end);

#endif
