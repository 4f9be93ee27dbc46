/* Frames on the serial link: COBS(header | payload | CRC-32) and a zero. docs/protocol.md is the specification. */
#ifndef FP_FRAME_H
#define FP_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fp_cobs.h"
#include "fp_messages.h"
#include "fp_status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FP_FRAME_RAW_BYTES(payload) (FP_HEADER_BYTES + (payload) + FP_CRC_BYTES)
/* The largest frame before and after encoding, the closing zero included. */
#define FP_FRAME_RAW_MAX FP_FRAME_RAW_BYTES(FP_MAX_PAYLOAD)
#define FP_FRAME_ENCODED_MAX (FP_COBS_ENCODED_MAX(FP_FRAME_RAW_MAX) + 1u)

typedef struct fp_frame {
    uint8_t version;
    uint8_t type; /* enum fp_message_type, with FP_REPLY_BIT in replies */
    uint16_t sequence;
    uint16_t flags;
    uint16_t length;        /* of the payload */
    const uint8_t *payload; /* in the decoder's buffer: valid until the next byte is pushed */
    uint32_t crc;           /* as received; also what tells a repeated frame from a new one */
} fp_frame;

typedef enum fp_frame_event {
    FP_FRAME_MORE = 0,       /* nothing complete yet */
    FP_FRAME_READY = 1,      /* a frame with a correct CRC */
    FP_FRAME_BAD_CRC = 2,    /* a frame was dropped because of its CRC */
    FP_FRAME_BAD_FRAMING = 3 /* bytes up to a zero were dropped: broken COBS, too short or too long for a frame */
} fp_frame_event;

typedef struct fp_frame_decoder {
    fp_cobs_decoder cobs;
    uint8_t *buffer; /* the caller's */
    size_t capacity; /* FP_FRAME_RAW_MAX or what the caller accepts at most */
    size_t length;   /* decoded bytes; capacity + 1 once there were more */
} fp_frame_decoder;

/* `buffer` takes one decoded frame: header, payload and CRC. */
void fp_frame_decoder_init(fp_frame_decoder *decoder, uint8_t *buffer, size_t capacity);

/* Take one byte from the line. Zeros that follow each other are no frame and no error. After an error the decoder is
 * ready for the bytes behind the zero that ended the broken frame. `frame` is written for FP_FRAME_READY only. */
fp_frame_event fp_frame_decoder_push(fp_frame_decoder *decoder, uint8_t byte, fp_frame *frame);

/* Where to put the payload in the buffer that fp_frame_encode is going to encode in place. */
#define FP_FRAME_PAYLOAD_AT (FP_COBS_OVERHEAD(FP_FRAME_RAW_MAX) + FP_HEADER_BYTES)

/* Encode in place: `buffer` has FP_FRAME_ENCODED_MAX bytes and the payload (`frame->length` bytes) already lies at
 * FP_FRAME_PAYLOAD_AT; `frame->payload` and `frame->crc` are not read. Returns the bytes to send, closing zero
 * included; 0 when the payload is longer than FP_MAX_PAYLOAD. */
size_t fp_frame_encode(const fp_frame *frame, uint8_t *buffer);

/* The same for a payload that lies elsewhere (at `frame->payload`, at most FP_FRAME_SHORT_PAYLOAD bytes), in a buffer
 * of FP_FRAME_SHORT_ENCODED bytes. */
#define FP_FRAME_SHORT_PAYLOAD 48u
#define FP_FRAME_SHORT_ENCODED (FP_COBS_ENCODED_MAX(FP_FRAME_RAW_BYTES(FP_FRAME_SHORT_PAYLOAD)) + 1u)
size_t fp_frame_encode_short(const fp_frame *frame, uint8_t *buffer);

#ifdef __cplusplus
}
#endif
#endif
