/* The requests a board answers: the half of the device application that knows what messages mean. Used by fp_device.c.
 */
#ifndef FP_REQUESTS_H
#define FP_REQUESTS_H

#include <stdint.h>

#include "fp_device.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A reply under construction. */
typedef struct fp_reply {
    uint8_t *payload; /* room for FP_MAX_PAYLOAD bytes; fp_device_send_working overwrites it */
    uint16_t length;  /* of the payload, when the request is granted */
    uint32_t detail;  /* of the ERROR reply, when it is refused */
} fp_reply;

/* Carries out one request of one type. It may send WORKING as often as it likes before it fills `reply`. */
typedef fp_link_error (*fp_handler)(fp_device *device, const fp_frame *request, fp_reply *reply);

/* One row per request; a payload outside [shortest, longest] is refused before its handler sees it. */
struct fp_route {
    fp_handler handle;
    uint16_t shortest;
    uint16_t longest;
    uint8_t type;
    bool needs_model; /* a firmware without an int8 model answers unknown_type */
};

/* Carry out one request whose frame arrived intact. */
fp_link_error fp_request_handle(fp_device *device, const fp_frame *request, fp_reply *reply);

/* Tell the host that its request has arrived and takes a while; may be called again and again. In fp_device.c. */
void fp_device_send_working(fp_device *device, const fp_frame *request);

#ifdef __cplusplus
}
#endif
#endif
