/* Decoding the numbers of FP_ENCODING_ENTROPY: once for taps and dot products, as it is long. */
#include "fp_entropy.h"

#if FP_WITH_ENTROPY

fp_status fp_entropy_row(fp_entropy_state *at, uint32_t weights, uint32_t capacity, fp_sink *to) {
    fp_entropy_state state = *at;
    fp_sink sink = *to;
    while (state.index < weights) {
        if (capacity == 0) {
            return FP_ERR_CAPACITY;
        }
        capacity--;
        const uint32_t number = fp_entropy_number(&state, state.weights, FP_WEIGHT_BITS);
        if (number == 0) {
            return FP_ERR_ENCODING;
        }
        fp_sink_put(&sink, state.index, (uint8_t)((number >> 1) ^ (0u - (number & 1u))));
        state.index++;
        if (fp_entropy_advance(&state) != FP_OK) {
            return FP_ERR_ENCODING;
        }
    }
    state.index -= weights;
    *at = state;
    *to = sink;
    return state.next <= state.size + FP_ENTROPY_OVERREAD ? FP_OK : FP_ERR_ENCODING;
}

#else

/* A translation unit is never empty. */
typedef int fp_taps_entropy_unused;

#endif
