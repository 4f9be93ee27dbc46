#include "fp_session.h"

#include "fp_bytes.h"
#include "fp_device.h"
#include "fp_requests.h"

fp_link_error fp_session_take_block(fp_frame *request, uint32_t *number, uint32_t *detail) {
    if (request->length < FP_SESSION_BLOCK_BYTES) {
        *detail = FP_SESSION_BLOCK_BYTES;
        return FP_LINK_BAD_LENGTH;
    }
    *number = load32_le(request->payload + FP_SESSION_BLOCK_SESSION);
    request->payload += FP_SESSION_BLOCK_BYTES;
    request->length = (uint16_t)(request->length - FP_SESSION_BLOCK_BYTES);
    return FP_LINK_OK;
}

fp_link_error fp_session_check(fp_session *session, const fp_frame *request, uint32_t number, uint32_t *detail) {
    bool opens = request->type == FP_MSG_OPEN && request->length == FP_OPEN_REQUEST_BYTES;
    *detail = session->number;
    if (number == 0 || (!opens && number != session->number)) {
        return FP_LINK_BAD_SESSION;
    }
    if (number != session->number) {
        session->previous = session->number;
        session->number = number;
    }
    return FP_LINK_OK;
}

static fp_link_error open_request(void *context, fp_frame *request, uint32_t *detail) {
    fp_session *session = (fp_session *)context;
    uint32_t number = 0;
    if ((request->flags & FP_FLAG_SESSION) == 0) {
        return request->type == FP_MSG_OPEN ? fp_session_check(session, request, 0, detail) : FP_LINK_OK;
    }
    fp_link_error error = fp_session_take_block(request, &number, detail);
    return error != FP_LINK_OK ? error : fp_session_check(session, request, number, detail);
}

const fp_guard fp_session_guard = {.flags = FP_FLAG_SESSION, .open = open_request};

/* The session has been entered when the request was admitted. */
static fp_link_error handle_open(fp_device *device, const fp_frame *request, fp_reply *reply) {
    const fp_session *session = (const fp_session *)reply->context;
    (void)request;
    fp_device_forget_replies(device);
    store32_le(reply->payload + FP_OPEN_REPLY_PREVIOUS, session->previous);
    reply->length = FP_OPEN_REPLY_BYTES;
    return FP_LINK_OK;
}

static const fp_route routes[] = {FP_ROUTE(OPEN, handle_open)};

fp_service fp_session_service(fp_session *session) {
    return (fp_service){.routes = routes, .count = sizeof routes / sizeof routes[0], .context = session};
}
