#include "fp_frame.h"

#include "fp_bytes.h"
#include "fp_crc32.h"

static void restart(fp_frame_decoder *decoder) {
    fp_cobs_decoder_reset(&decoder->cobs);
    decoder->length = 0;
}

void fp_frame_decoder_init(fp_frame_decoder *decoder, uint8_t *buffer, size_t capacity) {
    decoder->buffer = buffer;
    decoder->capacity = capacity;
    restart(decoder);
}

/* What the bytes before a zero amount to. */
static fp_frame_event finish(const fp_frame_decoder *decoder, fp_frame *frame) {
    const uint8_t *raw = decoder->buffer;
    if (!decoder->cobs.started) {
        return FP_FRAME_MORE;
    }
    if (!fp_cobs_decoder_complete(&decoder->cobs) || decoder->length > decoder->capacity ||
        decoder->length < FP_FRAME_RAW_BYTES(0u)) {
        return FP_FRAME_BAD_FRAMING;
    }
    size_t covered = decoder->length - FP_CRC_BYTES;
    uint32_t crc = load32_le(raw + covered);
    if (fp_crc32(0, raw, covered) != crc) {
        return FP_FRAME_BAD_CRC;
    }
    frame->version = raw[FP_HEADER_VERSION];
    frame->type = raw[FP_HEADER_TYPE];
    frame->sequence = load16_le(raw + FP_HEADER_SEQUENCE);
    frame->flags = load16_le(raw + FP_HEADER_FLAGS);
    frame->length = (uint16_t)(covered - FP_HEADER_BYTES);
    frame->payload = raw + FP_HEADER_BYTES;
    frame->crc = crc;
    return FP_FRAME_READY;
}

fp_frame_event fp_frame_decoder_push(fp_frame_decoder *decoder, uint8_t byte, fp_frame *frame) {
    uint8_t decoded;
    if (byte == 0) {
        fp_frame_event event = finish(decoder, frame);
        restart(decoder);
        return event;
    }
    /* The length stops one past the capacity: that marks a frame as too long, however long it gets. */
    if (fp_cobs_decoder_push(&decoder->cobs, byte, &decoded) && decoder->length <= decoder->capacity) {
        if (decoder->length < decoder->capacity) {
            decoder->buffer[decoder->length] = decoded;
        }
        decoder->length++;
    }
    return FP_FRAME_MORE;
}

/* Put header and CRC around the payload at `raw` + FP_HEADER_BYTES, and encode towards `buffer`. */
static size_t encode(const fp_frame *frame, uint8_t *raw, uint8_t *buffer, size_t capacity) {
    size_t covered = FP_HEADER_BYTES + (size_t)frame->length;
    size_t encoded = 0;
    raw[FP_HEADER_VERSION] = frame->version;
    raw[FP_HEADER_TYPE] = frame->type;
    store16_le(raw + FP_HEADER_SEQUENCE, frame->sequence);
    store16_le(raw + FP_HEADER_FLAGS, frame->flags);
    store32_le(raw + covered, fp_crc32(0, raw, covered));
    if (fp_cobs_encode(raw, covered + FP_CRC_BYTES, buffer, capacity - 1u, &encoded) != FP_OK) {
        return 0;
    }
    buffer[encoded] = 0;
    return encoded + 1u;
}

size_t fp_frame_encode(const fp_frame *frame, uint8_t *buffer) {
    if (frame->length > FP_MAX_PAYLOAD) {
        return 0;
    }
    return encode(frame, buffer + FP_FRAME_PAYLOAD_AT - FP_HEADER_BYTES, buffer, FP_FRAME_ENCODED_MAX);
}

size_t fp_frame_encode_short(const fp_frame *frame, uint8_t *buffer) {
    uint8_t *raw = buffer + FP_COBS_OVERHEAD(FP_FRAME_RAW_BYTES(FP_FRAME_SHORT_PAYLOAD));
    if (frame->length > FP_FRAME_SHORT_PAYLOAD) {
        return 0;
    }
    for (uint16_t i = 0; i < frame->length; i++) {
        raw[FP_HEADER_BYTES + i] = frame->payload[i];
    }
    return encode(frame, raw, buffer, FP_FRAME_SHORT_ENCODED);
}
