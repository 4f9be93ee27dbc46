/* What the fuzz targets of the link share: a line in memory, the port over it, frames that fp_frame_encode would not
 * make. */
#ifndef FUZZ_LINE_H
#define FUZZ_LINE_H

#include <stdlib.h>
#include <string.h>

#include "fp_bytes.h"
#include "fp_crc32.h"
#include "fp_device.h"

#define RAW_RECORD 0xFFu
#define LONGEST_PAYLOAD 1100u
#define LINE_BYTES 3072u

typedef struct line {
    uint8_t bytes[LINE_BYTES];
    size_t length;
    size_t taken;
} line;

static inline void require(bool condition) {
    if (!condition) {
        abort();
    }
}

static inline size_t port_read(void *context, uint8_t *bytes, size_t capacity) {
    line *from = (line *)context;
    size_t left = from->length - from->taken;
    size_t count = left < capacity ? left : capacity;
    memcpy(bytes, from->bytes + from->taken, count);
    from->taken += count;
    return count;
}

/* What the board answers is one intact frame with a reply's type; returned in `frame`, its payload in `buffer`. */
static inline void check_answer(const uint8_t *bytes, size_t length, uint8_t buffer[FP_FRAME_RAW_MAX],
                                fp_frame *frame) {
    fp_frame_decoder decoder;
    require(length > 0 && length <= FP_FRAME_ENCODED_MAX);
    fp_frame_decoder_init(&decoder, buffer, FP_FRAME_RAW_MAX);
    for (size_t i = 0; i + 1 < length; i++) {
        require(fp_frame_decoder_push(&decoder, bytes[i], frame) == FP_FRAME_MORE && bytes[i] != 0);
    }
    require(fp_frame_decoder_push(&decoder, bytes[length - 1], frame) == FP_FRAME_READY);
    require(frame->version == FP_PROTOCOL_VERSION && (frame->type & FP_REPLY_BIT) != 0);
}

static inline void port_wait(void *context) {
    (void)context;
}

static inline uint64_t port_ticks(void *context) {
    (void)context;
    return 1;
}

static inline uint32_t port_count(void *context) {
    (void)context;
    return 0;
}

static inline void put(line *to, const uint8_t *bytes, size_t length) {
    size_t room = LINE_BYTES - to->length;
    size_t count = length < room ? length : room;
    memcpy(to->bytes + to->length, bytes, count);
    to->length += count;
}

/* A frame of any payload length, which fp_frame_encode would refuse to build. */
static inline void put_request(line *to, uint8_t type, uint8_t sequence, uint8_t flags, const uint8_t *payload,
                               size_t length) {
    uint8_t raw[FP_FRAME_RAW_BYTES(LONGEST_PAYLOAD)] = {FP_PROTOCOL_VERSION, type, sequence, 0, flags, 0};
    uint8_t encoded[FP_COBS_ENCODED_MAX(sizeof raw) + 1u];
    size_t covered = FP_HEADER_BYTES + length;
    size_t bytes = 0;
    memcpy(raw + FP_HEADER_BYTES, payload, length);
    store32_le(raw + covered, fp_crc32(0, raw, covered));
    require(fp_cobs_encode(raw, covered + FP_CRC_BYTES, encoded, sizeof encoded - 1u, &bytes) == FP_OK);
    encoded[bytes] = 0;
    put(to, encoded, bytes + 1u);
}

#endif
