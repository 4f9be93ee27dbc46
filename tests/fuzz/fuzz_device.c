/* libFuzzer target: the frame decoder and the device application on hostile bytes.
 *
 * First byte of an input: bits 0..1 the test model, bit 7 how the rest is read.
 * - 0: as the bytes on the line.
 * - 1: as requests, so that the fuzzer gets past the CRC: type, sequence, payload length (two bytes, modulo 1100), then
 * the payload, padded with 0x5A where the input ends. Type 0xFF: the length bytes that follow go onto the line as they
 * are.
 *
 * Checked beside what the sanitisers see: every answer is one intact frame with a reply's type. */
#include <stdlib.h>
#include <string.h>

#include "fake_models.h"
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

static void require(bool condition) {
    if (!condition) {
        abort();
    }
}

static size_t port_read(void *context, uint8_t *bytes, size_t capacity) {
    line *from = (line *)context;
    size_t left = from->length - from->taken;
    size_t count = left < capacity ? left : capacity;
    memcpy(bytes, from->bytes + from->taken, count);
    from->taken += count;
    return count;
}

static void port_write(void *context, const uint8_t *bytes, size_t length) {
    uint8_t buffer[FP_FRAME_RAW_MAX];
    fp_frame_decoder decoder;
    fp_frame frame;
    (void)context;
    require(length > 0 && length <= FP_FRAME_ENCODED_MAX);
    fp_frame_decoder_init(&decoder, buffer, sizeof buffer);
    for (size_t i = 0; i + 1 < length; i++) {
        require(fp_frame_decoder_push(&decoder, bytes[i], &frame) == FP_FRAME_MORE && bytes[i] != 0);
    }
    require(fp_frame_decoder_push(&decoder, bytes[length - 1], &frame) == FP_FRAME_READY);
    require(frame.version == FP_PROTOCOL_VERSION && frame.flags == 0 && (frame.type & FP_REPLY_BIT) != 0);
}

static void port_wait(void *context) {
    (void)context;
}

static uint64_t port_ticks(void *context) {
    (void)context;
    return 1;
}

static uint32_t port_count(void *context) {
    (void)context;
    return 0;
}

static void put(line *to, const uint8_t *bytes, size_t length) {
    size_t room = LINE_BYTES - to->length;
    size_t count = length < room ? length : room;
    memcpy(to->bytes + to->length, bytes, count);
    to->length += count;
}

/* A frame of any payload length, which fp_frame_encode would refuse to build. */
static void put_request(line *to, uint8_t type, uint8_t sequence, const uint8_t *payload, size_t length) {
    uint8_t raw[FP_FRAME_RAW_BYTES(LONGEST_PAYLOAD)] = {FP_PROTOCOL_VERSION, type, sequence, 0, 0, 0};
    uint8_t encoded[FP_COBS_ENCODED_MAX(sizeof raw) + 1u];
    size_t covered = FP_HEADER_BYTES + length;
    size_t bytes = 0;
    memcpy(raw + FP_HEADER_BYTES, payload, length);
    store32_le(raw + covered, fp_crc32(0, raw, covered));
    require(fp_cobs_encode(raw, covered + FP_CRC_BYTES, encoded, sizeof encoded - 1u, &bytes) == FP_OK);
    encoded[bytes] = 0;
    put(to, encoded, bytes + 1u);
}

static void put_records(line *to, const uint8_t *data, size_t size) {
    uint8_t payload[LONGEST_PAYLOAD];
    while (size >= 4 && to->length < LINE_BYTES) {
        size_t length = load16_le(data + 2) % (LONGEST_PAYLOAD + 1u);
        size_t present = length < size - 4 ? length : size - 4;
        memset(payload, 0x5A, sizeof payload);
        memcpy(payload, data + 4, present);
        if (data[0] == RAW_RECORD) {
            put(to, payload, present);
        } else {
            put_request(to, data[0], data[1], payload, length);
        }
        data += 4 + present;
        size -= 4 + present;
    }
}

/* The decoder alone, over a heap buffer of an odd capacity: one byte too many and the sanitiser speaks. */
static void decode(const line *from, size_t capacity) {
    fp_frame_decoder decoder;
    fp_frame frame;
    uint8_t *buffer = malloc(capacity);
    require(buffer != NULL);
    fp_frame_decoder_init(&decoder, buffer, capacity);
    for (size_t i = 0; i < from->length; i++) {
        if (fp_frame_decoder_push(&decoder, from->bytes[i], &frame) == FP_FRAME_READY) {
            require(frame.length <= capacity - FP_FRAME_RAW_BYTES(0u));
            require(fp_crc32(0, buffer, FP_HEADER_BYTES + (size_t)frame.length) == frame.crc);
        }
    }
    free(buffer);
}

static void answer(line *from, const fp_model *model) {
    fp_port port = {from, port_read, port_write, port_wait, port_ticks, 1000, port_count, port_count, "fuzz", NULL};
    fp_device *device = malloc(sizeof *device);
    int8_t *arena = malloc(model->arena_bytes);
    require(device != NULL && arena != NULL);
    memset(arena, 0, model->arena_bytes);
    require(fp_device_init(device, model, arena, model->arena_bytes, &port) == FP_OK);
    while (fp_device_poll(device)) {
    }
    free(arena);
    free(device);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static line input;
    if (size == 0) {
        return 0;
    }
    input.length = 0;
    input.taken = 0;
    if ((data[0] & 0x80u) != 0) {
        put_records(&input, data + 1, size - 1);
    } else {
        put(&input, data + 1, size - 1);
    }
    decode(&input, 61);
    answer(&input, fake_model(data[0] & 3));
    return 0;
}
