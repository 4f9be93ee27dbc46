/* Reading rows of FP_ENCODING_ENTROPY.
 *
 * Numbers are cut into classes, as Deflate and JPEG XL do: a prefix code of at most eight bits for the class, then as
 * many plain bits as the class has numbers. So tables are short whatever the numbers. How classes are cut, the table's
 * first byte says, `split` = 16 * m + k:
 * - m 1..3, m < k <= 5: below 2^k a class for each number; above, 2^m classes of equal size between powers of two.
 * - m 7, k <= 11: classes of 2^k numbers.
 * The second byte is the number of classes listed, 1..32, then a nibble for each, the low one of a byte first: the
 * length of its code, 0 for none. Codes are canonical: shorter ones first, equal ones by class, and none is left over.
 *
 * The first table is for gaps. Its class 31 is one number only, and says: skip as many, another gap follows. The second
 * table is for weights w, written as 2w for positive ones and -2w - 1 for negative ones: 1..255. Bits are taken from
 * the highest of each byte on; those left over in the last byte do not matter.
 */
#ifndef FP_ENTROPY_H
#define FP_ENTROPY_H

#include "fp_sink.h"

#define FP_CODE_BITS 8u
#define FP_CODE_LENGTH(entry) ((entry) >> 24)
#define FP_CODE_EXTRA(entry) (((entry) >> 16) & 0xFFu)
#define FP_CODE_FIRST(entry) ((entry) & 0xFFFFu)
#define FP_CODE_EXTRA_MAX 14u
#define FP_GAP_BITS (FP_CODE_BITS + FP_CODE_EXTRA_MAX)
#define FP_WEIGHT_BITS (FP_CODE_BITS + 7u)

/* Rows end beyond every index; more bytes than these are not missing for as long as a stream is legal. */
#define FP_ENTROPY_INDEX_LIMIT ((uint32_t)1 << 31)
#define FP_ENTROPY_OVERREAD 4u

/* Read both tables into `codes`, and the first gap. Errors: FP_ERR_ENCODING. */
fp_status fp_entropy_open(fp_entropy_state *state, const uint8_t *data, uint32_t bytes, fp_code codes[2]);

/* Whether everything was read: less than a byte is left over. */
int fp_entropy_is_closed(const fp_entropy_state *state);

/* The word at `next`, highest byte first; bytes behind the end are 0. */
uint32_t fp_entropy_last_word(const uint8_t *data, uint32_t size, uint32_t next);

/* Have at least 25 bits ready. What is above them in the word is read again by the next call. */
static inline void fp_entropy_refill(fp_entropy_state *state, uint32_t wanted) {
    if (state->count >= wanted) {
        return;
    }
    uint32_t word;
    if (state->next + 4u <= state->size) {
        const uint8_t *bytes = state->data + state->next;
        word = ((uint32_t)bytes[0] << 24) | ((uint32_t)bytes[1] << 16) | ((uint32_t)bytes[2] << 8) | bytes[3];
    } else {
        word = fp_entropy_last_word(state->data, state->size, state->next);
    }
    state->bits |= word >> state->count;
    state->next += (32u - state->count) / 8u;
    state->count += (32u - state->count) & ~7u;
}

static inline uint32_t fp_entropy_number(fp_entropy_state *state, const fp_code *code, uint32_t longest) {
    fp_entropy_refill(state, longest);
    const uint32_t entry = code->classes[code->lookup[state->bits >> (32u - FP_CODE_BITS)]];
    const uint32_t extra = FP_CODE_EXTRA(entry);
    const uint32_t rest = state->bits << FP_CODE_LENGTH(entry);
    state->bits = rest << extra;
    state->count -= FP_CODE_LENGTH(entry) + extra;
    return FP_CODE_FIRST(entry) + ((rest >> 1) >> (31u - extra));
}

/* Move the index by the next gap. */
static inline fp_status fp_entropy_advance(fp_entropy_state *state) {
    for (;;) {
        const uint32_t gap = fp_entropy_number(state, state->gaps, FP_GAP_BITS);
        state->index += gap;
        if (gap != state->skip) {
            return FP_OK;
        }
        if (state->index >= FP_ENTROPY_INDEX_LIMIT || state->next > state->size + FP_ENTROPY_OVERREAD) {
            return FP_ERR_ENCODING;
        }
    }
}

/* Decode the next row of `weights` (at most FP_TAP_OFFSET_LIMIT) indices into at most `capacity` weights. */
fp_status fp_entropy_row(fp_entropy_state *at, uint32_t weights, uint32_t capacity, fp_sink *to);

#endif
