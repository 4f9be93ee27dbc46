/* A mask and its initial values from a seed, on the board. */
#include <string.h>

#include "fp_synflow.h"

static uint32_t prunable_of(const fp_learner_spec *spec) {
    uint32_t sum = 0;
    for (uint16_t t = 0; t < spec->tensor_count; t++) {
        sum += spec->tensors[t].prunable != 0 ? spec->tensors[t].rows * spec->tensors[t].columns : 0u;
    }
    return sum;
}

static uint32_t largest_of(const fp_learner_spec *spec) {
    uint32_t most = spec->input.channels * fp_pixels(spec->input);
    for (uint16_t l = 0; l < spec->layer_count; l++) {
        const uint32_t count = spec->layers[l].out.channels * fp_pixels(spec->layers[l].out);
        most = count > most ? count : most;
    }
    return most;
}

/* Cut the scratch into pieces; what is left are candidates. False if too little is left. */
static bool lay_out(fp_synflow *flow) {
    const fp_learner_plan *plan = &flow->spec->plan;
    const uint32_t words = (flow->prunable + 31u) / 32u, layers = flow->spec->layer_count + 1u;
    flow->sums = (uint64_t *)fp_at(flow->learner, plan->scratch);
    flow->forward = (uint32_t *)(flow->sums + largest_of(flow->spec));
    flow->backward = flow->forward + plan->output_floats;
    flow->forward_exponent = (int32_t *)(flow->backward + plan->output_floats);
    flow->backward_exponent = flow->forward_exponent + layers;
    flow->alive = (uint32_t *)fp_at(flow->learner, plan->kept);
    flow->bins = (uint32_t *)(flow->backward_exponent + layers);
    flow->candidates = (fp_candidate *)(flow->bins + FP_SYNFLOW_BINS);
    const uint32_t used = (uint32_t)((uint8_t *)flow->candidates - (uint8_t *)flow->sums);
    if (plan->scratch_bytes < used + FP_SYNFLOW_LEAST_CANDIDATES * sizeof(fp_candidate)) {
        return false;
    }
    flow->candidate_capacity = (plan->scratch_bytes - used) / (uint32_t)sizeof(fp_candidate);
    memset(flow->alive, 0xFF, sizeof(uint32_t) * words);
    return true;
}

/* Whether every prunable tensor keeps something. */
static bool all_keep_some(const fp_synflow *flow) {
    uint32_t first = 0;
    for (uint16_t t = 0; t < flow->spec->tensor_count; t++) {
        const fp_learner_tensor *tensor = &flow->spec->tensors[t];
        if (tensor->prunable != 0) {
            const uint32_t end = first + tensor->rows * tensor->columns;
            if (fp_next_alive(flow->alive, first, end) == end) {
                return false;
            }
            first = end;
        }
    }
    return true;
}

/* A schedule never rises and never reaches 0. */
static bool is_schedule(const fp_seed_request *request, uint32_t prunable) {
    uint32_t most = prunable;
    for (uint32_t i = 0; i < request->iterations; i++) {
        if (request->keep[i] == 0 || request->keep[i] > most) {
            return false;
        }
        most = request->keep[i];
    }
    return true;
}

static fp_status prune(fp_synflow *flow, const fp_seed_request *request, fp_progress progress, void *context) {
    uint32_t alive = flow->prunable;
    for (uint32_t i = 0; i < request->iterations; i++) {
        if (request->keep[i] < alive) {
            alive = request->keep[i];
            fp_synflow_select(flow, alive);
        }
        if (!all_keep_some(flow)) {
            return FP_ERR_COLLAPSED;
        }
        if (progress != NULL && !progress(context, i + 1u, request->iterations)) {
            return FP_ERR_STOPPED;
        }
    }
    return FP_OK;
}

/* --- from bits to rows and columns --- */

/* The layer that a tensor belongs to. */
static const fp_learner_layer *owner_of(const fp_learner_spec *spec, uint16_t tensor) {
    for (uint16_t l = 0; l < spec->layer_count; l++) {
        if (spec->layers[l].kernel == tensor || spec->layers[l].bias == tensor) {
            return &spec->layers[l];
        }
    }
    return NULL;
}

/* Elements of a tensor that is not pruned: those of live channels, or all depthwise kernels while that is unknown. */
static bool is_kept(const fp_synflow *flow, const fp_learner_layer *layer, uint16_t tensor, uint32_t column,
                    bool live_known) {
    if (!live_known) {
        return layer->kernel == tensor;
    }
    return (fp_live_at(flow->learner)[layer->output_live + column] & FP_CHANNEL_LIVE) != 0;
}

/* One row; `bit` is its first weight's among the prunable ones. */
static fp_status fill_row(fp_synflow *flow, uint16_t t, uint32_t row, uint32_t bit, bool live_known, uint32_t *at) {
    const fp_learner_tensor *tensor = &flow->spec->tensors[t];
    const fp_learner_layer *layer = owner_of(flow->spec, t);
    uint16_t *count = &fp_counts_at(flow->learner)[tensor->first_row + row];
    uint16_t *columns = fp_columns_at(flow->learner);
    *count = 0;
    for (uint32_t column = 0; column < tensor->columns; column++) {
        if (tensor->prunable != 0) {
            column = fp_next_alive(flow->alive, bit + column, bit + tensor->columns) - bit;
            if (column == tensor->columns) {
                break;
            }
        } else if (!is_kept(flow, layer, t, column, live_known)) {
            continue;
        }
        if (*at == flow->spec->plan.value_capacity) {
            return FP_ERR_CAPACITY;
        }
        columns[(*at)++] = (uint16_t)column;
        ++*count;
    }
    return FP_OK;
}

static fp_status fill(fp_synflow *flow, bool live_known, uint32_t *values) {
    const fp_learner_spec *spec = flow->spec;
    uint32_t bit = 0;
    *values = 0;
    for (uint16_t t = 0; t < spec->tensor_count; t++) {
        fp_starts_at(flow->learner)[t] = *values;
        for (uint32_t row = 0; row < spec->tensors[t].rows; row++) {
            const fp_status status = fill_row(flow, t, row, bit, live_known, values);
            if (status != FP_OK) {
                return status;
            }
            bit += spec->tensors[t].prunable != 0 ? spec->tensors[t].columns : 0u;
        }
    }
    return FP_OK;
}

/* Kernels first, to see which channels they leave live; then everything. */
static fp_status write_mask(fp_synflow *flow) {
    fp_learner *learner = flow->learner;
    uint32_t values = 0;
    learner->counts = fp_counts_at(learner);
    learner->columns = fp_columns_at(learner);
    fp_status status = fill(flow, false, &values);
    if (status == FP_OK) {
        fp_learner_find_live(learner);
        status = fill(flow, true, &values);
    }
    if (status == FP_OK) {
        fp_learner_adopt(learner, values, NULL);
    }
    return status;
}

fp_status fp_learner_seed(fp_learner *learner, const fp_seed_request *request, fp_progress progress, void *context) {
    if (learner == NULL || request == NULL || request->keep == NULL || request->iterations == 0) {
        return FP_ERR_ARGUMENT;
    }
    if (learner->spec->mask != NULL || learner->training.running) {
        return FP_ERR_STATE;
    }
    if (!is_schedule(request, prunable_of(learner->spec))) {
        return FP_ERR_ARGUMENT;
    }
    fp_synflow flow;
    memset(&flow, 0, sizeof flow);
    flow.learner = learner;
    flow.spec = learner->spec;
    flow.seed = request->seed;
    flow.prunable = prunable_of(learner->spec);
    if (learner->spec->plan.scratch_bytes == 0) {
        return FP_ERR_CAPACITY;
    }
    fp_learner_forget_mask(learner);
    learner->sample_count = learner->order_count = learner->shift_count = 0;
    if (!lay_out(&flow)) {
        return FP_ERR_CAPACITY;
    }
    fp_status status = prune(&flow, request, progress, context);
    if (status == FP_OK) {
        status = write_mask(&flow);
    }
    if (status == FP_OK) {
        fp_learner_draw_values(learner, request->seed, true);
    }
    return status;
}
