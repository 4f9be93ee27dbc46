/* The code tables of FP_ENCODING_ENTROPY (fp_entropy.h has the format). */
#include <string.h>

#include "fp_entropy.h"

#if FP_WITH_ENTROPY

#define LINEAR 7u
#define LARGEST_LINEAR 11u
#define LARGEST_DIRECT 5u
#define LARGEST_STEPS 3u
#define LARGEST_WEIGHT 255u
#define SKIP_CLASS (FP_CODE_CLASSES - 1u)
#define NO_SKIP UINT32_MAX

typedef struct split {
    uint32_t m;
    uint32_t k;
} split;

static int split_is_legal(split cut) {
    if (cut.m == LINEAR) {
        return cut.k <= LARGEST_LINEAR;
    }
    return cut.m >= 1u && cut.m <= LARGEST_STEPS && cut.k > cut.m && cut.k <= LARGEST_DIRECT;
}

/* The table entry of a class, without its length. */
static uint32_t class_entry(split cut, uint32_t index) {
    const uint32_t direct = 1u << cut.k;
    if (cut.m == LINEAR) {
        return (cut.k << 16) | (index << cut.k);
    }
    if (index < direct) {
        return index;
    }
    const uint32_t step = (index - direct) & ((1u << cut.m) - 1u);
    const uint32_t extra = cut.k + ((index - direct) >> cut.m) - cut.m;
    return (extra << 16) | (((1u << cut.m) + step) << extra);
}

static uint32_t length_of(const uint8_t *lengths, uint32_t index) {
    return (uint32_t)(lengths[index / 2u] >> (index % 2u * 4u)) & 0x0Fu;
}

/* Where the codes of each length start among all eight-bit words. FP_ERR_ENCODING unless they fill them. */
static fp_status find_starts(const uint8_t *lengths, uint32_t count, uint32_t starts[FP_CODE_BITS + 1u]) {
    uint32_t words[FP_CODE_BITS + 1u] = {0};
    for (uint32_t index = 0; index < count; index++) {
        const uint32_t length = length_of(lengths, index);
        if (length > FP_CODE_BITS) {
            return FP_ERR_ENCODING;
        }
        words[length] += length == 0 ? 0 : 1u << (FP_CODE_BITS - length);
    }
    uint32_t start = 0;
    for (uint32_t length = 1; length <= FP_CODE_BITS; length++) {
        starts[length] = start;
        start += words[length];
    }
    return start == 1u << FP_CODE_BITS ? FP_OK : FP_ERR_ENCODING;
}

static fp_status read_code(fp_weight_stream *stream, fp_code *code) {
    if (stream->end - stream->next < 2) {
        return FP_ERR_ENCODING;
    }
    const split cut = {(uint32_t)(stream->next[0] >> 4), stream->next[0] & 0x0Fu};
    const uint32_t count = stream->next[1];
    const uint8_t *const lengths = stream->next + 2;
    uint32_t starts[FP_CODE_BITS + 1u];
    if (!split_is_legal(cut) || count > FP_CODE_CLASSES || (size_t)(stream->end - lengths) < (count + 1u) / 2u ||
        find_starts(lengths, count, starts) != FP_OK) {
        return FP_ERR_ENCODING;
    }
    stream->next = lengths + (count + 1u) / 2u;
    for (uint32_t index = 0; index < FP_CODE_CLASSES; index++) {
        const uint32_t length = index < count ? length_of(lengths, index) : 0;
        code->classes[index] = class_entry(cut, index) | (length << 24);
        if (length != 0) {
            const uint32_t words = 1u << (FP_CODE_BITS - length);
            memset(code->lookup + starts[length], (int)index, words);
            starts[length] += words;
        }
    }
    return FP_OK;
}

/* Whether a class has a code and numbers beyond a weight. */
static int is_beyond_weights(uint32_t entry) {
    const uint32_t last = FP_CODE_FIRST(entry) + (1u << FP_CODE_EXTRA(entry)) - 1u;
    return FP_CODE_LENGTH(entry) != 0 && last > LARGEST_WEIGHT;
}

uint32_t fp_entropy_last_word(const uint8_t *data, uint32_t size, uint32_t next) {
    uint32_t word = 0;
    for (uint32_t shift = 32u; shift != 0 && next < size; next++) {
        shift -= 8u;
        word |= (uint32_t)data[next] << shift;
    }
    return word;
}

fp_status fp_entropy_open(fp_entropy_state *state, const uint8_t *data, uint32_t bytes, fp_code codes[2]) {
    fp_weight_stream stream = {data, data + bytes};
    if (read_code(&stream, &codes[0]) != FP_OK || read_code(&stream, &codes[1]) != FP_OK) {
        return FP_ERR_ENCODING;
    }
    for (uint32_t index = 0; index < FP_CODE_CLASSES; index++) {
        if (is_beyond_weights(codes[1].classes[index])) {
            return FP_ERR_ENCODING;
        }
    }
    uint32_t *const skip = &codes[0].classes[SKIP_CLASS];
    *skip &= ~((uint32_t)0xFF << 16);
    const fp_entropy_state start = {
        .data = stream.next,
        .gaps = &codes[0],
        .weights = &codes[1],
        .size = (uint32_t)(stream.end - stream.next),
        .skip = FP_CODE_LENGTH(*skip) != 0 ? FP_CODE_FIRST(*skip) : NO_SKIP,
    };
    *state = start;
    return fp_entropy_advance(state);
}

int fp_entropy_is_closed(const fp_entropy_state *state) {
    const uint32_t unused = state->count / 8u;
    return state->index == 0 && state->next >= unused && state->next - unused == state->size;
}

#else

/* A translation unit is never empty. */
typedef int fp_code_unused;

#endif
