/* Reading rows of FP_ENCODING_GAP4 (fp_taps.h has the format). */
#ifndef FP_GAP4_H

#include "fp_sink.h"

/* Start with the first gap. Errors: FP_ERR_ENCODING. */
fp_status fp_gap4_open(fp_gap4_state *state, fp_weight_stream stream);

/* Whether everything was read: at most one nibble is left over, and it is 0. */
int fp_gap4_is_closed(const fp_gap4_state *state);

/* Decode the next row of `weights` (at most FP_TAP_OFFSET_LIMIT) indices into at most `capacity` weights. */
fp_status fp_gap4_row(fp_gap4_state *at, uint32_t weights, uint32_t capacity, fp_sink *to);

#endif
