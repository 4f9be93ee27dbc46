#include "fp_device.h"

#include <string.h>

#include "fp_bytes.h"
#include "fp_requests.h"

#define READ_CHUNK 64u

static bool lies_in_arena(const fp_model *model, uint32_t offset, uint32_t bytes) {
    return bytes > 0 && offset <= model->arena_bytes && bytes <= model->arena_bytes - offset;
}

fp_status fp_device_init(fp_device *device, const fp_model *model, int8_t *arena, uint32_t arena_bytes,
                         const fp_port *port) {
    if (device == NULL || model == NULL || arena == NULL || port == NULL) {
        return FP_ERR_ARGUMENT;
    }
    if (model->invoke != NULL && (!lies_in_arena(model, model->input_offset, model->input_bytes) ||
                                  !lies_in_arena(model, model->output_offset, model->output_bytes))) {
        return FP_ERR_ARGUMENT;
    }
    if (arena_bytes < model->arena_bytes) {
        return FP_ERR_CAPACITY;
    }
    memset(device, 0, sizeof *device);
    device->model = model;
    device->arena = arena;
    device->port = port;
    device->start_ticks = port->ticks(port->context);
    fp_frame_decoder_init(&device->decoder, device->rx, sizeof device->rx);
    return FP_OK;
}

void fp_device_extend(fp_device *device, const struct fp_route *routes, uint32_t count, void *context) {
    device->more = routes;
    device->more_count = count;
    device->more_context = context;
}

/* Encode and send the payload that lies at FP_FRAME_PAYLOAD_AT in `tx`; returns the bytes sent. */
static uint16_t send_frame(fp_device *device, uint8_t type, uint16_t sequence, uint16_t length) {
    fp_frame frame = {.version = FP_PROTOCOL_VERSION, .type = type, .sequence = sequence, .length = length};
    size_t bytes = fp_frame_encode(&frame, device->tx);
    device->port->write(device->port->context, device->tx, bytes);
    return (uint16_t)bytes;
}

void fp_device_send_working(fp_device *device, const fp_frame *request) {
    (void)send_frame(device, FP_MSG_WORKING, request->sequence, 0);
}

static bool is_repeat(const fp_device_cache *cache, const fp_frame *request) {
    return cache->bytes > 0 && cache->type == request->type && cache->sequence == request->sequence &&
           cache->crc == request->crc;
}

/* Handle a new request and send its reply, which stays in `tx` for a repetition. */
static void answer(fp_device *device, const fp_frame *request) {
    uint8_t *payload = device->tx + FP_FRAME_PAYLOAD_AT;
    fp_reply reply = {.payload = payload, .length = 0, .detail = 0};
    uint8_t type = (uint8_t)(request->type | FP_REPLY_BIT);
    device->cache.bytes = 0;
    fp_link_error error = fp_request_handle(device, request, &reply);
    if (error != FP_LINK_OK) {
        type = FP_MSG_ERROR;
        store16_le(payload + FP_ERROR_REPLY_CODE, (uint16_t)error);
        payload[FP_ERROR_REPLY_REQUEST] = request->type;
        store32_le(payload + FP_ERROR_REPLY_DETAIL, reply.detail);
        reply.length = FP_ERROR_REPLY_BYTES;
    }
    uint16_t bytes = send_frame(device, type, request->sequence, reply.length);
    /* INFO opens a conversation: whatever an earlier host had cached must not answer this one. */
    if (request->type != FP_MSG_INFO) {
        device->cache = (fp_device_cache){
            .bytes = bytes, .sequence = request->sequence, .type = request->type, .crc = request->crc};
    }
}

static void take_frame(fp_device *device, const fp_frame *request) {
    device->counters.frames_ok++;
    /* A reply on its way in is this board's own echo or another board's; to answer it could go on forever. */
    if ((request->type & FP_REPLY_BIT) != 0) {
        return;
    }
    if (is_repeat(&device->cache, request)) {
        device->counters.repeats++;
        device->port->write(device->port->context, device->tx, device->cache.bytes);
        return;
    }
    answer(device, request);
}

static void take_byte(fp_device *device, uint8_t byte) {
    fp_frame request;
    switch (fp_frame_decoder_push(&device->decoder, byte, &request)) {
    case FP_FRAME_READY:
        take_frame(device, &request);
        break;
    case FP_FRAME_BAD_CRC:
        device->counters.crc_errors++;
        break;
    case FP_FRAME_BAD_FRAMING:
        device->counters.framing_errors++;
        break;
    case FP_FRAME_MORE:
        break;
    }
}

bool fp_device_poll(fp_device *device) {
    uint8_t chunk[READ_CHUNK];
    size_t length = device->port->read(device->port->context, chunk, sizeof chunk);
    for (size_t i = 0; i < length; i++) {
        take_byte(device, chunk[i]);
    }
    return length > 0;
}
