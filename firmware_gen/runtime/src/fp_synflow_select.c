/* Which of the kept weights are the best, by counting scores: no list of them would fit. */
#include <string.h>

#include "fp_bits.h"
#include "fp_synflow.h"

/* Where thresholds are looked for first: sixteen octaves around an even share of the flow, 128 bins each. */
#define USUAL_SHIFT 16u
#define OCTAVES_BELOW 8u
#define WHOLE_SHIFT 21u

void fp_synflow_count(fp_synflow *flow, uint32_t key) {
    fp_selection *selection = &flow->selection;
    if (key < selection->low) {
        return;
    }
    const uint32_t bin = (key - selection->low) >> selection->shift;
    if (bin < FP_SYNFLOW_BINS) {
        flow->bins[bin]++;
    } else {
        selection->above++;
    }
}

static void drop(fp_synflow *flow, uint32_t position) {
    flow->alive[position / 32u] &= ~((uint32_t)1 << position % 32u);
}

void fp_synflow_cut(fp_synflow *flow, uint32_t position, uint32_t key) {
    fp_selection *selection = &flow->selection;
    if (key < selection->low) {
        drop(flow, position);
    } else if ((key - selection->low) >> selection->shift != 0) {
        return;
    } else if (selection->listed) {
        const fp_candidate candidate = {position, key};
        flow->candidates[flow->candidate_count++] = candidate;
    } else if (selection->taken == selection->wanted) {
        drop(flow, position);
    } else {
        selection->taken++;
    }
}

static void clear_counts(fp_synflow *flow, uint32_t low, uint32_t shift) {
    flow->selection.low = low;
    flow->selection.shift = shift;
    flow->selection.above = 0;
    memset(flow->bins, 0, sizeof(uint32_t) * FP_SYNFLOW_BINS);
}

/* The bin that holds the last of the `keep` best, and how many of it are kept; false if it lies below all bins. */
static bool find_bin(fp_synflow *flow, uint32_t keep, uint32_t *bin) {
    fp_selection *selection = &flow->selection;
    uint32_t wanted = keep - selection->above;
    for (uint32_t b = FP_SYNFLOW_BINS; b-- > 0;) {
        if (flow->bins[b] >= wanted) {
            selection->in_bin = flow->bins[b];
            selection->wanted = wanted;
            *bin = b;
            return true;
        }
        wanted -= flow->bins[b];
    }
    return false;
}

/* Narrow the range until the keys of the threshold's bin can be listed, or are all kept, or are all equal. */
static void narrow(fp_synflow *flow, uint32_t keep) {
    fp_selection *selection = &flow->selection;
    for (;;) {
        uint32_t bin = 0;
        if (selection->above >= keep || !find_bin(flow, keep, &bin)) {
            clear_counts(flow, 0, WHOLE_SHIFT);
            fp_synflow_scores(flow, FP_FLOW_COUNT);
            continue;
        }
        const uint32_t low = selection->low + (bin << selection->shift);
        selection->listed = selection->in_bin <= flow->candidate_capacity;
        if (selection->listed || selection->in_bin == selection->wanted || selection->shift == 0) {
            selection->low = low;
            return;
        }
        clear_counts(flow, low, selection->shift > 11u ? selection->shift - 11u : 0u);
        fp_synflow_scores(flow, FP_FLOW_COUNT);
    }
}

static uint32_t count_from(const fp_synflow *flow, uint32_t key) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < flow->candidate_count; i++) {
        count += flow->candidates[i].key >= key ? 1u : 0u;
    }
    return count;
}

/* Drop the candidates that are not wanted: find the wanted-th highest key, bit by bit. */
static void choose(fp_synflow *flow) {
    const fp_selection *selection = &flow->selection;
    uint32_t threshold = selection->low;
    for (uint32_t bit = selection->shift; bit-- > 0;) {
        if (count_from(flow, threshold + ((uint32_t)1 << bit)) >= selection->wanted) {
            threshold += (uint32_t)1 << bit;
        }
    }
    uint32_t equals = selection->wanted - count_from(flow, threshold + 1u);
    for (uint32_t i = 0; i < flow->candidate_count; i++) {
        const fp_candidate candidate = flow->candidates[i];
        const bool equal = candidate.key == threshold;
        if (candidate.key < threshold || (equal && equals == 0)) {
            drop(flow, candidate.position);
        } else if (equal) {
            equals--;
        }
    }
}

static uint32_t usual_low(uint32_t keep) {
    return (FP_EXPONENT_OF_TOTAL - fp_length32(keep) - OCTAVES_BELOW) << 23;
}

void fp_synflow_select(fp_synflow *flow, uint32_t keep) {
    fp_selection *selection = &flow->selection;
    fp_synflow_forward(flow);
    clear_counts(flow, usual_low(keep), USUAL_SHIFT);
    fp_synflow_backward(flow);
    narrow(flow, keep);
    selection->taken = 0;
    flow->candidate_count = 0;
    fp_synflow_scores(flow, FP_FLOW_CUT);
    if (selection->listed) {
        choose(flow);
    }
}
