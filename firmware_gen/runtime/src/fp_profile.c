#include "fp_profile.h"

#include <string.h>

#include "fp_bytes.h"
#include "fp_device.h"

/* Run call `number` on the arena as it is. The input counts as used up: calls overwrite it. */
static fp_link_error handle_profile(fp_device *device, const fp_frame *request, fp_reply *reply) {
    const fp_profile *profile = reply->context;
    const fp_port *port = device->port;
    uint32_t number = load16_le(request->payload + FP_PROFILE_REQUEST_CALL);
    if (number >= profile->count) {
        reply->detail = profile->count;
        return FP_LINK_BAD_OFFSET;
    }
    fp_device_send_working(device, request);
    device->input_filled = 0;
    device->output_valid = false;
    uint64_t start = port->ticks(port->context);
    fp_status status = profile->calls[number](device->arena);
    uint64_t ticks = port->ticks(port->context) - start;
    if (status != FP_OK) {
        reply->detail = (uint32_t)-(int32_t)status;
        return FP_LINK_MODEL_FAILED;
    }
    store64_le(reply->payload + FP_PROFILE_REPLY_TICKS, ticks);
    store16_le(reply->payload + FP_PROFILE_REPLY_CALLS, (uint16_t)profile->count);
    reply->length = FP_PROFILE_REPLY_BYTES;
    return FP_LINK_OK;
}

static fp_link_error handle_peek(fp_device *device, const fp_frame *request, fp_reply *reply) {
    uint32_t offset = load32_le(request->payload + FP_PEEK_REQUEST_OFFSET);
    uint32_t length = load16_le(request->payload + FP_PEEK_REQUEST_LENGTH);
    uint32_t arena_bytes = device->model->arena_bytes;
    if (length > reply->room) {
        reply->detail = reply->room;
        return FP_LINK_BAD_LENGTH;
    }
    if (offset > arena_bytes || length > arena_bytes - offset) {
        reply->detail = arena_bytes;
        return FP_LINK_BAD_OFFSET;
    }
    memcpy(reply->payload, device->arena + offset, length);
    reply->length = (uint16_t)length;
    return FP_LINK_OK;
}

const fp_route fp_profile_routes[FP_PROFILE_ROUTES] = {
    FP_ROUTE(PROFILE, handle_profile),
    FP_ROUTE(PEEK, handle_peek),
};
