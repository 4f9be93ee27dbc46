/* A generated model, as the device application sees it. */
#ifndef FP_MODEL_H
#define FP_MODEL_H

#include <stdint.h>

#include "fp_status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Raised when generated code and runtime no longer fit; generated sources check it with #error. */
#define FP_MODEL_FORMAT 2

typedef struct fp_model {
    const char *name;      /* printable ASCII, at most 31 characters */
    const uint8_t *sha256; /* 32 bytes: of the .tflite file */
    uint32_t arena_bytes;  /* tensors, scratch and FP_ARENA_SLACK; the caller provides it, 8-byte aligned */
    uint32_t input_offset; /* in the arena: int8 NHWC, batch 1 */
    uint32_t input_bytes;
    uint32_t output_offset; /* in the arena: int8 NHWC, batch 1 */
    uint32_t output_bytes;
    uint32_t selftest_crc32;            /* CRC-32 of the output for the input of fp_model_selftest_input */
    fp_status (*invoke)(int8_t *arena); /* reads the input, may overwrite it, writes the output; NULL: no model */
} fp_model;

/* Fill `length` bytes with the self-test input: byte i is the top byte of (i + 1) * 2654435761 mod 2^32. */
void fp_model_selftest_input(int8_t *input, uint32_t length);

#ifdef __cplusplus
}
#endif
#endif
