#include "fake_models.h"

#include <stddef.h>
#include <string.h>

#include "fp_messages.h"

static const uint8_t sha256[32] = {0xF0, 1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
                                   16,   17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31};

/* Output and input may be the same bytes; whatever input is left afterwards is overwritten. */
static void compute(int8_t *arena, const fp_model *model) {
    uint8_t input[FAKE_ARENA_BYTES];
    memcpy(input, arena + model->input_offset, model->input_bytes);
    memset(arena, 0x55, model->arena_bytes);
    for (uint32_t i = 0; i < model->output_bytes; i++) {
        arena[model->output_offset + i] = (int8_t)(uint8_t)(3u * input[i % model->input_bytes] + i);
    }
}

static fp_status invoke_small(int8_t *arena);
static fp_status invoke_large(int8_t *arena);
static fp_status invoke_exact(int8_t *arena);

static fp_status invoke_failing(int8_t *arena) {
    (void)arena;
    return FP_ERR_ENCODING;
}

/* The CRCs are checked by the tests against an independent computation. */
static const fp_model models[] = {
    {"small", sha256, 64, 8, 16, 32, 10, 0xBDC2A2BEu, invoke_small},
    {"large", sha256, FAKE_ARENA_BYTES, 100, 2500, 100, 3001, 0, invoke_large},
    {"a name of 31 characters exactly", sha256, 4096, 0, FP_MAX_PAYLOAD - 4u, 2048, FP_MAX_PAYLOAD - 8u, 0x12345678u,
     invoke_exact},
    {"failing", sha256, 64, 0, 16, 16, 4, 0, invoke_failing},
};

static fp_status invoke_small(int8_t *arena) {
    compute(arena, &models[0]);
    return FP_OK;
}

static fp_status invoke_large(int8_t *arena) {
    compute(arena, &models[1]);
    return FP_OK;
}

static fp_status invoke_exact(int8_t *arena) {
    compute(arena, &models[2]);
    return FP_OK;
}

const fp_model *fake_model(int number) {
    return number >= 0 && number < (int)(sizeof models / sizeof models[0]) ? &models[number] : NULL;
}
