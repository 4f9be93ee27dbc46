/* Channels that kept weights connect with the sample and with the logits: trainer.channels.liveness on the board. */
#include <string.h>

#include "fp_learner_state.h"

#define REACHED 1u
#define USED 2u
#define STAYS FP_CHANNEL_STAYS

/* The flags of one layer's channels. */
typedef struct layer_flags {
    uint8_t *in;
    uint8_t *second;
    uint8_t *out;
    uint16_t in_channels;
    uint16_t out_channels;
} layer_flags;

static layer_flags flags_of(const fp_learner *learner, const fp_learner_layer *layer) {
    uint8_t *live = fp_live_at(learner);
    const layer_flags flags = {live + layer->source.live, live + layer->second.live, live + layer->output_live,
                               layer->in.channels, layer->out.channels};
    return flags;
}

static void hand_on(const layer_flags *flags, uint8_t flag, bool forwards) {
    for (uint16_t channel = 0; channel < flags->out_channels; channel++) {
        if (forwards) {
            flags->out[channel] |= flags->in[channel] & flag;
        } else {
            flags->in[channel] |= flags->out[channel] & flag;
        }
    }
}

/* Each kept weight hands the flag from one of its channels to the other. A row's input channel is its last axis, and of
 * a depthwise kernel, whose rows are pixels, it follows from the column. */
static void follow(const fp_learner *learner, const fp_learner_layer *layer, uint8_t flag, bool forwards) {
    const layer_flags flags = flags_of(learner, layer);
    const fp_kept kept = fp_kept_of(learner, layer->kernel);
    const bool depthwise = layer->kind == FP_LAYER_DEPTHWISE;
    const uint32_t multiplier = depthwise ? (uint32_t)(layer->out.channels / layer->in.channels) : 1u;
    const uint16_t *column = kept.columns;
    for (uint32_t row = 0; row < kept.rows; row++) {
        for (uint32_t left = kept.counts[row]; left != 0; left--, column++) {
            uint8_t *in = &flags.in[depthwise ? *column / multiplier : row % flags.in_channels];
            uint8_t *out = &flags.out[*column];
            if (forwards) {
                *out |= *in & flag;
            } else {
                *in |= *out & flag;
            }
        }
    }
}

static void pass_layer(const fp_learner *learner, const fp_learner_layer *layer, uint8_t flag, bool forwards) {
    layer_flags flags = flags_of(learner, layer);
    if (layer->kernel != FP_NO_TENSOR) {
        follow(learner, layer, flag, forwards);
        return;
    }
    hand_on(&flags, flag, forwards);
    if (layer->kind == FP_LAYER_ADD) {
        flags.in = flags.second;
        hand_on(&flags, flag, forwards);
    }
}

/* Set the flag where either of two channels has it; returns whether that changed anything. */
static bool tie(uint8_t *one, uint8_t *other) {
    const uint8_t either = (*one | *other) & STAYS;
    const bool changed = ((*one ^ *other) & STAYS) != 0;
    *one |= either;
    *other |= either;
    return changed;
}

/* Channels that a layer hands on, or adds, stay together. */
static bool tie_layer(const fp_learner *learner, const fp_learner_layer *layer) {
    const layer_flags flags = flags_of(learner, layer);
    const uint32_t multiplier = (uint32_t)(layer->out.channels / layer->in.channels);
    bool changed = false;
    if (layer->kind == FP_LAYER_CONV || layer->kind == FP_LAYER_DENSE) {
        return false;
    }
    for (uint32_t channel = 0; channel < layer->out.channels; channel++) {
        changed = tie(&flags.in[channel / multiplier], &flags.out[channel]) || changed;
        if (layer->kind == FP_LAYER_ADD) {
            changed = tie(&flags.second[channel], &flags.out[channel]) || changed;
        }
    }
    return changed;
}

static void tie_all(const fp_learner *learner) {
    bool changed = true;
    while (changed) {
        changed = false;
        for (uint16_t l = 0; l < learner->spec->layer_count; l++) {
            changed = tie_layer(learner, &learner->spec->layers[l]) || changed;
        }
    }
}

void fp_learner_find_live(fp_learner *learner) {
    const fp_learner_spec *spec = learner->spec;
    const fp_learner_layer *last = fp_last_layer(learner);
    uint8_t *live = fp_live_at(learner);
    memset(live, 0, spec->plan.live_flags);
    memset(live + spec->layers[0].source.live, REACHED, spec->input.channels);
    for (uint16_t l = 0; l < spec->layer_count; l++) {
        pass_layer(learner, &spec->layers[l], REACHED, true);
    }
    memset(live + last->output_live, REACHED | USED, last->out.channels);
    for (uint16_t l = spec->layer_count; l-- > 0;) {
        pass_layer(learner, &spec->layers[l], USED, false);
    }
    for (uint32_t i = 0; i < spec->plan.live_flags; i++) {
        live[i] = live[i] == (REACHED | USED) ? FP_CHANNEL_LIVE | FP_CHANNEL_STAYS : 0u;
    }
    tie_all(learner);
}
