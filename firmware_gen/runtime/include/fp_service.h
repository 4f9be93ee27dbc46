/* What answers requests: routes from message types to handlers, in groups that share a context; and the guard that
 * may stand before them (sessions, authentication). fp_device.h puts them together. */
#ifndef FP_SERVICE_H
#define FP_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "fp_frame.h"

#ifdef __cplusplus
extern "C" {
#endif

struct fp_device;

/* A reply under construction. */
typedef struct fp_reply {
    uint8_t *payload; /* fp_device_send_working overwrites it */
    uint16_t room;    /* bytes at `payload` */
    uint16_t length;  /* of the payload, when the request is granted */
    uint32_t detail;  /* of the ERROR reply, when it is refused */
    void *context;    /* of the service that the handler belongs to */
} fp_reply;

/* Carry out one request whose frame arrived intact and whose length the route allows. A request may reach its handler
 * again when the host did not get the reply and FP_REQUESTS_UNDER_WAY others came since, or when the reply was longer
 * than FP_SHORT_REPLY_BYTES and another request came since; hosts have several under way only of requests for which
 * that does not matter (chunks at absolute offsets). */
typedef fp_link_error (*fp_handler)(struct fp_device *device, const fp_frame *request, fp_reply *reply);

/* A payload outside [shortest, longest] is refused before the handler sees it. */
typedef struct fp_route {
    fp_handler handle;
    uint16_t shortest;
    uint16_t longest;
    uint8_t type;
} fp_route;

/* The route of a message of host_bridge/messages.py: FP_ROUTE(PING, handle_ping). */
#define FP_ROUTE(name, handler) {(handler), FP_##name##_REQUEST_BYTES, FP_##name##_REQUEST_BYTES_MAX, FP_MSG_##name}

typedef struct fp_service {
    const fp_route *routes;
    uint32_t count;
    void *context; /* handed to the handlers in fp_reply */
} fp_service;

typedef struct fp_guard {
    uint16_t flags;  /* the header flags it understands */
    uint16_t before; /* bytes that `seal` puts in front of a reply's payload, and behind it; FP_GUARD_BYTES at most */
    uint16_t behind;
    /* Check a request and take its own blocks off the payload. What it lets pass is carried out. */
    fp_link_error (*open)(void *context, fp_frame *request, uint32_t *detail);
    /* Put blocks around the payload of a reply, which lies at `payload` with the room asked for around it; adapts the
     * reply's payload, length and flags. NULL: replies go as they are. */
    void (*seal)(void *context, const fp_frame *request, fp_frame *reply, uint8_t *payload);
    /* Answer a request itself with at most FP_FRAME_SHORT_PAYLOAD bytes; returns whether it did. NULL: never. */
    bool (*greet)(void *context, const fp_frame *request, uint8_t *payload, uint16_t *length);
} fp_guard;

#define FP_GUARD_BYTES (FP_FRAME_SHORT_PAYLOAD - 8u)

#ifdef __cplusplus
}
#endif
#endif
