#include "fp_synflow.h"

#include <string.h>

#include "fp_bits.h"
#include "fp_window.h"

#define COEFFICIENT_BITS 28u
#define LARGEST_EXPONENT 511
#define MEAN_BITS 16u

static uint32_t numbers_of(fp_shape shape) {
    return shape.channels * fp_pixels(shape);
}

uint32_t fp_next_alive(const uint32_t *alive, uint32_t position, uint32_t end) {
    while (position < end) {
        const uint32_t word = alive[position / 32u] >> position % 32u;
        if (word != 0) {
            position += fp_lowest32(word);
            return position < end ? position : end;
        }
        position = (position / 32u + 1u) * 32u;
    }
    return end;
}

/* --- numbers --- */

/* Sums as flows of at most 24 bits: all are shifted by as much as the largest needs. Returns the shift. */
static int32_t normalise(const uint64_t *sums, uint32_t *flows, uint32_t count) {
    uint64_t all = 0;
    for (uint32_t i = 0; i < count; i++) {
        all |= sums[i];
    }
    const uint32_t length = fp_length64(all), shift = length > FP_FLOW_BITS ? length - FP_FLOW_BITS : 0u;
    for (uint32_t i = 0; i < count; i++) {
        flows[i] = (uint32_t)(sums[i] >> shift);
    }
    return (int32_t)shift;
}

/* A score as a number that compares like it: 9 bits of exponent, 23 of fraction, the rest cut off. */
static uint32_t key_of(uint32_t magnitude, uint64_t coefficient, int32_t exponent) {
    const uint32_t length = fp_length64(coefficient);
    const uint32_t drop = length > COEFFICIENT_BITS ? length - COEFFICIENT_BITS : 0u;
    const uint64_t score = (uint64_t)magnitude * (uint32_t)(coefficient >> drop);
    const uint32_t bits = fp_length64(score);
    const int32_t sum = exponent + (int32_t)(drop + bits);
    if (bits == 0 || sum < 1) {
        return 0;
    }
    const uint64_t cut = bits > 24u ? score >> (bits - 24u) : score << (24u - bits);
    return (uint32_t)(sum < LARGEST_EXPONENT ? sum : LARGEST_EXPONENT) << 23 | ((uint32_t)cut & 0x007FFFFFu);
}

/* --- one kept weight --- */

/* A layer's flows while its weights are walked. */
typedef struct layer_walk {
    const fp_learner_layer *layer;
    const uint32_t *in;  /* flow into its inputs */
    const uint32_t *out; /* flow out of its outputs */
    uint32_t in_plane;
    uint32_t out_plane;
    int32_t exponent; /* of scores */
    bool prunable;
    bool wants_sums; /* backwards: whether the layer in front needs them */
    fp_flow_pass pass;
} layer_walk;

/* Add weight * flow at every pixel that the tap meets. */
static void add_flows(const fp_tap *tap, uint32_t magnitude, const uint32_t *in, uint64_t *sums) {
    const uint32_t pixels = tap->x.end - tap->x.first;
    for (uint32_t y = tap->y.first; y < tap->y.end; y++) {
        const uint32_t *from = in + fp_tap_input(tap, y);
        uint64_t *to = sums + fp_tap_output(tap, y);
        for (uint32_t i = 0; i < pixels; i++) {
            to[i] += (uint64_t)magnitude * from[i * tap->stride_x];
        }
    }
}

static void add_flows_back(const fp_tap *tap, uint32_t magnitude, const uint32_t *out, uint64_t *sums) {
    const uint32_t pixels = tap->x.end - tap->x.first;
    for (uint32_t y = tap->y.first; y < tap->y.end; y++) {
        const uint32_t *from = out + fp_tap_output(tap, y);
        uint64_t *to = sums + fp_tap_input(tap, y);
        for (uint32_t i = 0; i < pixels; i++) {
            to[i * tap->stride_x] += (uint64_t)magnitude * from[i];
        }
    }
}

static uint64_t coefficient_of(const fp_tap *tap, const uint32_t *in, const uint32_t *out) {
    const uint32_t pixels = tap->x.end - tap->x.first;
    uint64_t sum = 0;
    for (uint32_t y = tap->y.first; y < tap->y.end; y++) {
        const uint32_t *one = in + fp_tap_input(tap, y), *other = out + fp_tap_output(tap, y);
        for (uint32_t i = 0; i < pixels; i++) {
            sum += (uint64_t)one[i * tap->stride_x] * other[i];
        }
    }
    return sum;
}

static void score(fp_synflow *flow, const layer_walk *walk, uint32_t magnitude, uint64_t coefficient,
                  uint32_t position) {
    const uint32_t key = key_of(magnitude, coefficient, walk->exponent);
    if (walk->pass == FP_FLOW_CUT) {
        fp_synflow_cut(flow, position, key);
    } else {
        fp_synflow_count(flow, key);
    }
}

/* A weight between input `from` and output `to`, offsets in the layer's flows. */
static void visit(fp_synflow *flow, const layer_walk *walk, const fp_tap *tap, uint32_t from, uint32_t to,
                  uint32_t magnitude, uint32_t position) {
    if (walk->pass == FP_FLOW_FORWARD) {
        add_flows(tap, magnitude, walk->in + from, flow->sums + to);
        return;
    }
    if (walk->pass == FP_FLOW_BACKWARD && walk->wants_sums) {
        add_flows_back(tap, magnitude, walk->out + to, flow->sums + from);
    }
    if (walk->prunable) {
        score(flow, walk, magnitude, coefficient_of(tap, walk->in + from, walk->out + to), position);
    }
}

/* The same for a dense layer, where both are single numbers. */
static void visit_dense(fp_synflow *flow, const layer_walk *walk, uint32_t from, uint32_t to, uint32_t magnitude,
                        uint32_t position) {
    if (walk->pass == FP_FLOW_FORWARD) {
        flow->sums[to] += (uint64_t)magnitude * walk->in[from];
        return;
    }
    if (walk->pass == FP_FLOW_BACKWARD && walk->wants_sums) {
        flow->sums[from] += (uint64_t)magnitude * walk->out[to];
    }
    score(flow, walk, magnitude, (uint64_t)walk->in[from] * walk->out[to], position);
}

/* --- all kept weights of a layer --- */

static uint32_t magnitude_of(fp_seeded *stream, uint32_t index) {
    const int32_t odd = fp_seeded_odd(fp_seeded_word(stream, index));
    return (uint32_t)(odd < 0 ? -odd : odd);
}

/* One row of a dense kernel; `first` is the bit of its first weight. */
static void walk_dense_row(fp_synflow *flow, const layer_walk *walk, fp_seeded *stream, uint32_t row, uint32_t first) {
    const uint32_t columns = walk->layer->out.channels, end = first + columns, channels = walk->layer->in.channels;
    const uint32_t from = row % channels * walk->in_plane + row / channels;
    for (uint32_t at = fp_next_alive(flow->alive, first, end); at < end;) {
        const uint32_t column = at - first;
        visit_dense(flow, walk, from, column, magnitude_of(stream, row * columns + column), at);
        at = fp_next_alive(flow->alive, at + 1u, end);
    }
}

static void walk_conv_row(fp_synflow *flow, const layer_walk *walk, fp_seeded *stream, uint32_t row, uint32_t first) {
    const uint32_t columns = walk->layer->out.channels, end = first + columns, channels = walk->layer->in.channels;
    const uint32_t from = row % channels * walk->in_plane;
    const fp_tap tap = fp_tap_of(walk->layer, row / channels);
    for (uint32_t at = fp_next_alive(flow->alive, first, end); at < end;) {
        const uint32_t column = at - first;
        const uint32_t magnitude = magnitude_of(stream, row * columns + column);
        visit(flow, walk, &tap, from, column * walk->out_plane, magnitude, at);
        at = fp_next_alive(flow->alive, at + 1u, end);
    }
}

/* Depthwise kernels are not pruned: all of a row is there. */
static void walk_depthwise_row(fp_synflow *flow, const layer_walk *walk, fp_seeded *stream, uint32_t row) {
    const uint32_t columns = walk->layer->out.channels, multiplier = columns / walk->layer->in.channels;
    const fp_tap tap = fp_tap_of(walk->layer, row);
    for (uint32_t column = 0; column < columns; column++) {
        const uint32_t magnitude = magnitude_of(stream, row * columns + column);
        visit(flow, walk, &tap, column / multiplier * walk->in_plane, column * walk->out_plane, magnitude, 0);
    }
}

/* Bits of the prunable tensors before this one. */
static uint32_t first_bit(const fp_learner_spec *spec, uint16_t tensor) {
    uint32_t bits = 0;
    for (uint16_t t = 0; t < tensor; t++) {
        bits += spec->tensors[t].prunable != 0 ? spec->tensors[t].rows * spec->tensors[t].columns : 0u;
    }
    return bits;
}

static void walk_layer(fp_synflow *flow, uint16_t position, fp_flow_pass pass) {
    const fp_learner_layer *layer = &flow->spec->layers[position];
    const fp_learner_tensor *tensor = &flow->spec->tensors[layer->kernel];
    const int32_t flows = flow->forward_exponent[position] + flow->backward_exponent[position + 1u];
    const layer_walk walk = {layer,
                             flow->forward + layer->source.values,
                             flow->backward + layer->output,
                             fp_pixels(layer->in),
                             fp_pixels(layer->out),
                             flows - flow->total_bits + (int32_t)FP_EXPONENT_OF_TOTAL,
                             tensor->prunable != 0,
                             position != 0,
                             pass};
    const uint32_t start = first_bit(flow->spec, layer->kernel);
    fp_seeded stream;
    fp_seeded_open(&stream, flow->seed, tensor->number);
    for (uint32_t row = 0; row < tensor->rows; row++) {
        if (layer->kind == FP_LAYER_DENSE) {
            walk_dense_row(flow, &walk, &stream, row, start + row * tensor->columns);
        } else if (layer->kind == FP_LAYER_CONV) {
            walk_conv_row(flow, &walk, &stream, row, start + row * tensor->columns);
        } else {
            walk_depthwise_row(flow, &walk, &stream, row);
        }
    }
}

/* --- layers without weights --- */

static uint32_t largest_flow(const fp_window *window, const uint32_t *plane, uint32_t width) {
    uint32_t best = window->top * width + window->left;
    for (uint32_t y = window->top; y < window->bottom; y++) {
        for (uint32_t x = window->left; x < window->right; x++) {
            best = plane[y * width + x] > plane[best] ? y * width + x : best;
        }
    }
    return best;
}

static uint64_t mean(uint64_t sum, const fp_window *window) {
    return (sum << MEAN_BITS) / fp_window_pixels(window);
}

static uint64_t pooled(const fp_learner_layer *layer, const fp_window *window, const uint32_t *plane) {
    const uint32_t width = layer->in.width;
    uint64_t sum = 0;
    if (layer->kind == FP_LAYER_MAX_POOL) {
        return plane[largest_flow(window, plane, width)];
    }
    for (uint32_t y = window->top; y < window->bottom; y++) {
        for (uint32_t x = window->left; x < window->right; x++) {
            sum += plane[y * width + x];
        }
    }
    return mean(sum, window);
}

static void spread(const fp_learner_layer *layer, const fp_window *window, const uint32_t *plane, uint32_t out,
                   uint64_t *sums) {
    const uint32_t width = layer->in.width;
    if (layer->kind == FP_LAYER_MAX_POOL) {
        sums[largest_flow(window, plane, width)] += out;
        return;
    }
    for (uint32_t y = window->top; y < window->bottom; y++) {
        for (uint32_t x = window->left; x < window->right; x++) {
            sums[y * width + x] += mean(out, window);
        }
    }
}

/* Both directions of pooling, and of a layer that only activates. */
static void pass_flows(fp_synflow *flow, const fp_learner_layer *layer, bool forwards) {
    const bool pools = layer->kind == FP_LAYER_MAX_POOL || layer->kind == FP_LAYER_AVERAGE_POOL;
    const uint32_t in_plane = fp_pixels(layer->in), out_plane = fp_pixels(layer->out);
    const uint32_t *in = flow->forward + layer->source.values, *out = flow->backward + layer->output;
    for (uint32_t channel = 0; channel < layer->out.channels; channel++) {
        for (uint32_t pixel = 0; pixel < out_plane; pixel++) {
            const uint32_t at = channel * out_plane + pixel;
            if (!pools) {
                flow->sums[at] = forwards ? in[at] : out[at];
                continue;
            }
            const fp_window window = fp_window_of(layer, pixel / layer->out.width, pixel % layer->out.width);
            if (forwards) {
                flow->sums[at] = pooled(layer, &window, in + channel * in_plane);
            } else {
                spread(layer, &window, in + channel * in_plane, out[at], flow->sums + channel * in_plane);
            }
        }
    }
}

/* --- all layers --- */

static int32_t shift_of(const fp_learner_layer *layer) {
    return layer->kind == FP_LAYER_AVERAGE_POOL ? -(int32_t)MEAN_BITS : 0;
}

void fp_synflow_forward(fp_synflow *flow) {
    const fp_learner_spec *spec = flow->spec;
    const fp_learner_layer *last = fp_last_layer(flow->learner);
    for (uint32_t i = 0; i < numbers_of(spec->input); i++) {
        flow->forward[spec->layers[0].source.values + i] = 1u;
    }
    flow->forward_exponent[0] = 0;
    for (uint16_t l = 0; l < spec->layer_count; l++) {
        const fp_learner_layer *layer = &spec->layers[l];
        const uint32_t count = numbers_of(layer->out);
        memset(flow->sums, 0, sizeof(uint64_t) * count);
        if (layer->kernel != FP_NO_TENSOR) {
            walk_layer(flow, l, FP_FLOW_FORWARD);
        } else {
            pass_flows(flow, layer, true);
        }
        const int32_t shift = normalise(flow->sums, flow->forward + layer->output, count);
        flow->forward_exponent[l + 1u] = flow->forward_exponent[l] + shift + shift_of(layer);
    }
    uint64_t total = 0;
    for (uint32_t i = 0; i < spec->classes; i++) {
        total += flow->forward[last->output + i];
    }
    flow->total_bits = (int32_t)fp_length64(total) + flow->forward_exponent[spec->layer_count];
}

/* The flow out of a layer's inputs. */
static void backward(fp_synflow *flow, uint16_t position) {
    const fp_learner_layer *layer = &flow->spec->layers[position];
    const uint32_t count = numbers_of(layer->in);
    memset(flow->sums, 0, sizeof(uint64_t) * count);
    if (layer->kernel != FP_NO_TENSOR) {
        walk_layer(flow, position, FP_FLOW_BACKWARD);
    } else {
        pass_flows(flow, layer, false);
    }
    const int32_t shift = normalise(flow->sums, flow->backward + layer->source.values, count);
    flow->backward_exponent[position] = flow->backward_exponent[position + 1u] + shift + shift_of(layer);
}

void fp_synflow_backward(fp_synflow *flow) {
    const fp_learner_spec *spec = flow->spec;
    for (uint32_t i = 0; i < spec->classes; i++) {
        flow->backward[fp_last_layer(flow->learner)->output + i] = 1u;
    }
    flow->backward_exponent[spec->layer_count] = 0;
    for (uint16_t l = spec->layer_count; l-- > 0;) {
        backward(flow, l);
    }
}

void fp_synflow_scores(fp_synflow *flow, fp_flow_pass pass) {
    for (uint16_t l = 0; l < flow->spec->layer_count; l++) {
        const fp_learner_layer *layer = &flow->spec->layers[l];
        if (layer->kernel != FP_NO_TENSOR && flow->spec->tensors[layer->kernel].prunable != 0) {
            walk_layer(flow, l, pass);
        }
    }
}
