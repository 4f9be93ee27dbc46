/* Decoding FP_ENCODING_GAP4: once for taps and dot products. */
#include "fp_gap4.h"

#if FP_WITH_GAP4

#include "fp_gap8.h"

#define FP_GAP4_H
#define FP_GAP4_ESCAPE 15u
#define FP_GAP4_MORE 8u
#define FP_GAP4_LAST_SHIFT 27u
#define FP_GAP4_NONE UINT32_MAX

/* There is one left. */
static inline uint32_t take_nibble(fp_gap4_state *state) {
    const uint32_t byte = state->gaps[state->nibble / 2u];
    const uint32_t nibble = (byte >> (state->nibble % 2u * 4u)) & 0x0Fu;
    state->nibble++;
    return nibble;
}

/* Move the index by the next gap; by less than 2^31. */
static inline fp_status advance(fp_gap4_state *state) {
    if (state->nibble == state->nibbles) {
        return FP_ERR_ENCODING;
    }
    const uint32_t gap = take_nibble(state);
    state->index += gap;
    if (gap != FP_GAP4_ESCAPE) {
        return FP_OK;
    }
    for (uint32_t shift = 0; shift <= FP_GAP4_LAST_SHIFT && state->nibble != state->nibbles; shift += 3u) {
        const uint32_t digit = take_nibble(state);
        state->index += (digit & (FP_GAP4_MORE - 1u)) << shift;
        if (digit < FP_GAP4_MORE) {
            return FP_OK;
        }
    }
    return FP_ERR_ENCODING;
}

fp_status fp_gap4_row(fp_gap4_state *at, uint32_t weights, uint32_t capacity, fp_sink *to) {
    fp_gap4_state state = *at;
    fp_sink sink = *to;
    while (state.index < weights) {
        if (capacity == 0) {
            return FP_ERR_CAPACITY;
        }
        capacity--;
        const uint8_t weight = *state.weight++;
        if (weight == 0) {
            return FP_ERR_ENCODING;
        }
        fp_sink_put(&sink, state.index, weight);
        if (state.weight == state.weight_end) {
            state.index = FP_GAP4_NONE;
        } else {
            state.index++;
            if (advance(&state) != FP_OK) {
                return FP_ERR_ENCODING;
            }
        }
    }
    if (state.index != FP_GAP4_NONE) {
        state.index -= weights;
    }
    *at = state;
    *to = sink;
    return FP_OK;
}

fp_status fp_gap4_open(fp_gap4_state *state, fp_weight_stream stream) {
    uint32_t kept = 0;
    if (fp_leb128_read(&stream, &kept) != FP_OK || kept > (size_t)(stream.end - stream.next)) {
        return FP_ERR_ENCODING;
    }
    state->weight = stream.next;
    state->weight_end = stream.next + kept;
    state->gaps = state->weight_end;
    state->nibble = 0;
    state->nibbles = 2u * (uint32_t)(stream.end - state->gaps);
    state->index = 0;
    if (kept == 0) {
        state->index = FP_GAP4_NONE;
        return FP_OK;
    }
    return advance(state);
}

int fp_gap4_is_closed(const fp_gap4_state *at) {
    fp_gap4_state state = *at;
    const uint32_t left = state.nibbles - state.nibble;
    return state.index == FP_GAP4_NONE && (left == 0 || (left == 1u && take_nibble(&state) == 0));
}

#else

/* A translation unit is never empty. */
typedef int fp_taps_gap4_unused;

#endif
