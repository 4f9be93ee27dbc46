#include "fp_device.h"

#include <string.h>

#include "fp_bytes.h"
#include "fp_reply.h"
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

#if FP_EXTENDED
void fp_device_serve(fp_device *device, const fp_service *services, uint32_t count) {
    device->services = services;
    device->service_count = count;
}

void fp_device_protect(fp_device *device, const fp_guard *guard, void *context) {
    device->guard = guard;
    device->guard_context = context;
}
#else
/* Encode and send a frame without payload in `tx`, where the reply proper is not yet. */
void fp_device_send_working(fp_device *device, const fp_frame *request) {
    fp_frame reply = fp_reply_to(request, FP_MSG_WORKING);
    device->port->write(device->port->context, device->tx, fp_frame_encode(&reply, device->tx));
}
#endif

void fp_device_forget_replies(fp_device *device) {
    device->cache.bytes = 0;
#if FP_EXTENDED
    memset(device->short_replies, 0, sizeof device->short_replies);
#endif
}

/* Answer a repeated request with the reply it got before; returns whether there was one. */
static bool answer_again(fp_device *device, const fp_frame *request) {
    fp_request_id id = fp_request_id_of(request);
    if (device->cache.bytes > 0 && fp_request_is_same(&device->cache.id, &id)) {
        device->port->write(device->port->context, device->tx, device->cache.bytes);
        return true;
    }
    return fp_reply_send_remembered(device, &id, request);
}

/* Handle a new request and send its reply, which stays in `tx` for a repetition. */
static void answer(fp_device *device, fp_frame *request) {
    const fp_guard *guard = fp_sealing_guard(device);
    uint8_t *payload = device->tx + FP_FRAME_PAYLOAD_AT + (guard != NULL ? guard->before : 0u);
    fp_reply reply = {.payload = payload, .room = FP_MAX_PAYLOAD};
    fp_frame frame = fp_reply_to(request, (uint8_t)(request->type | FP_REPLY_BIT));
    fp_request_id id = fp_request_id_of(request);
    if (guard != NULL) {
        reply.room = (uint16_t)(FP_MAX_PAYLOAD - guard->before - guard->behind);
    }
    device->cache.bytes = 0;
    fp_link_error error = fp_request_handle(device, request, &reply);
    if (error != FP_LINK_OK) {
        device->counters.refusals++;
        frame.type = FP_MSG_ERROR;
        reply.length = fp_reply_put_error(payload, request, error, reply.detail);
    }
    frame.payload = payload;
    frame.length = reply.length;
    fp_reply_remember(device, &id, &frame);
    fp_reply_seal(device, request, &frame, payload);
    size_t bytes = fp_frame_encode(&frame, device->tx);
    device->port->write(device->port->context, device->tx, bytes);
    device->cache = (fp_device_cache){.id = id, .bytes = (uint16_t)bytes};
    /* INFO opens a conversation: whatever an earlier host had cached must not answer this one. */
    if (request->type == FP_MSG_INFO) {
        fp_device_forget_replies(device);
    }
}

static void take_frame(fp_device *device, fp_frame *request) {
    device->counters.frames_ok++;
    /* A reply on its way in is this board's own echo or another board's; to answer it could go on forever. */
    if ((request->type & FP_REPLY_BIT) != 0 || !fp_reply_admit(device, request)) {
        return;
    }
    if (answer_again(device, request)) {
        device->counters.repeats++;
    } else {
        answer(device, request);
    }
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
