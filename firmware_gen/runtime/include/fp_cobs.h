/* Consistent Overhead Byte Stuffing (Cheshire and Baker, 1999): bytes without zeros, so that a zero can end a frame.
 *
 * A code byte c is followed by c - 1 bytes that are not zero and stands for them and one zero; code 255 stands for its
 * 254 bytes without a zero. The zero that the last block would stand for is not part of the data.
 */
#ifndef FP_COBS_H
#define FP_COBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fp_status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes that encoding adds to `length` bytes, at most; exact for data without zeros, except that 0 bytes become 1. */
#define FP_COBS_OVERHEAD(length) ((length) == 0u ? 1u : ((length) + 253u) / 254u)
#define FP_COBS_ENCODED_MAX(length) ((length) + FP_COBS_OVERHEAD(length))

/* Encode `length` bytes, without a closing zero; `*encoded` gets the number of bytes written to `out`.
 * `in` may lie in the same buffer as `out`, at least FP_COBS_OVERHEAD(length) bytes behind its start.
 * Errors: FP_ERR_CAPACITY, with `out` partly written, never beyond `capacity`. */
fp_status fp_cobs_encode(const uint8_t *in, size_t length, uint8_t *out, size_t capacity, size_t *encoded);

/* A decoder that takes one byte at a time, for streams whose length is not known beforehand. */
typedef struct fp_cobs_decoder {
    uint8_t left;     /* bytes until the next code byte */
    bool zero_is_due; /* the block before stands for a zero, which counts once another block follows */
    bool started;     /* a code byte has been seen */
} fp_cobs_decoder;

void fp_cobs_decoder_reset(fp_cobs_decoder *decoder);

/* Take one encoded byte, which must not be zero. Returns true when it yields a byte of data, in `*decoded`. */
bool fp_cobs_decoder_push(fp_cobs_decoder *decoder, uint8_t byte, uint8_t *decoded);

/* Whether the data may end here, that is, whether no block is cut short. */
bool fp_cobs_decoder_complete(const fp_cobs_decoder *decoder);

#ifdef __cplusplus
}
#endif
#endif
