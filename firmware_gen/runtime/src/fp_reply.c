#include "fp_reply.h"

#include <string.h>

#include "fp_requests.h"

#if FP_EXTENDED
static void send_short(const fp_device *device, const fp_frame *reply) {
    uint8_t encoded[FP_FRAME_SHORT_ENCODED];
    device->port->write(device->port->context, encoded, fp_frame_encode_short(reply, encoded));
}

/* Send a reply of at most FP_SHORT_REPLY_BYTES through the guard. */
static void send_sealed(const fp_device *device, const fp_frame *request, fp_frame *reply) {
    uint8_t payload[FP_FRAME_SHORT_PAYLOAD];
    const fp_guard *guard = fp_sealing_guard(device);
    if (guard != NULL) {
        memcpy(payload + guard->before, reply->payload, reply->length);
        fp_reply_seal(device, request, reply, payload + guard->before);
    }
    send_short(device, reply);
}

void fp_device_send_working(fp_device *device, const fp_frame *request) {
    static const uint8_t nothing = 0;
    fp_frame reply = fp_reply_to(request, FP_MSG_WORKING);
    reply.payload = &nothing;
    send_sealed(device, request, &reply);
}

void fp_reply_remember(fp_device *device, const fp_request_id *id, const fp_frame *reply) {
    fp_short_reply *entry = &device->short_replies[device->next_short_reply];
    if (reply->length > FP_SHORT_REPLY_BYTES) {
        return;
    }
    device->next_short_reply = (device->next_short_reply + 1u) % FP_REQUESTS_UNDER_WAY;
    entry->id = *id;
    entry->type = reply->type;
    entry->length = (uint8_t)reply->length;
    memcpy(entry->payload, reply->payload, reply->length);
}

bool fp_reply_send_remembered(fp_device *device, const fp_request_id *id, const fp_frame *request) {
    for (uint32_t i = 0; i < FP_REQUESTS_UNDER_WAY; i++) {
        const fp_short_reply *entry = &device->short_replies[i];
        if (entry->type != 0 && fp_request_is_same(&entry->id, id)) {
            fp_frame reply = fp_reply_to(request, entry->type);
            reply.length = entry->length;
            reply.payload = entry->payload;
            send_sealed(device, request, &reply);
            return true;
        }
    }
    return false;
}

/* Whether the guard itself answers: what has to work before anything is agreed. */
static bool greet(const fp_device *device, const fp_frame *request) {
    uint8_t payload[FP_FRAME_SHORT_PAYLOAD];
    fp_frame reply = fp_reply_to(request, (uint8_t)(request->type | FP_REPLY_BIT));
    reply.payload = payload;
    if (device->guard == NULL || device->guard->greet == NULL ||
        !device->guard->greet(device->guard_context, request, payload, &reply.length)) {
        return false;
    }
    send_short(device, &reply);
    return true;
}

bool fp_reply_admit(fp_device *device, fp_frame *request) {
    uint8_t payload[FP_ERROR_REPLY_BYTES];
    uint32_t detail = 0;
    if (greet(device, request)) {
        return false;
    }
    fp_link_error error = fp_request_admit(device, request, &detail);
    if (error == FP_LINK_OK) {
        return true;
    }
    fp_frame reply = fp_reply_to(request, FP_MSG_ERROR);
    reply.length = fp_reply_put_error(payload, request, error, detail);
    reply.payload = payload;
    device->counters.refusals++;
    send_short(device, &reply);
    return false;
}
#endif
