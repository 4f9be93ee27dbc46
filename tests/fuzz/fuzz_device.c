/* libFuzzer target: the frame decoder and the device application on hostile bytes.
 *
 * First byte of an input: bits 0..1 the test model, bit 7 how the rest is read.
 * - 0: as the bytes on the line.
 * - 1: as requests, so that the fuzzer gets past the CRC: type, sequence, payload length (two bytes, modulo 1100), then
 * the payload, padded with 0x5A where the input ends. Type 0xFF: the length bytes that follow go onto the line as they
 * are.
 *
 * Checked beside what the sanitisers see: every answer is one intact frame with a reply's type. */
#include "fake_models.h"
#include "fuzz_line.h"

static void port_write(void *context, const uint8_t *bytes, size_t length) {
    uint8_t buffer[FP_FRAME_RAW_MAX];
    fp_frame frame;
    (void)context;
    check_answer(bytes, length, buffer, &frame);
    require(frame.flags == 0);
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
            put_request(to, data[0], data[1], 0, payload, length);
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
