/* The requests of inference, which every board answers, and the way from a request to its handler. Used by fp_device.c.
 */
#ifndef FP_REQUESTS_H
#define FP_REQUESTS_H

#include "fp_device.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Check version, flags and, where there is one, the guard; takes the guard's blocks off the payload. */
fp_link_error fp_request_admit(fp_device *device, fp_frame *request, uint32_t *detail);

/* Carry out one request. Extended firmware has admitted it before; else this does. */
fp_link_error fp_request_handle(fp_device *device, fp_frame *request, fp_reply *reply);

/* Forget what requests were answered with; for guards and handlers that start a conversation. In fp_device.c. */
void fp_device_forget_replies(fp_device *device);

#ifdef __cplusplus
}
#endif
#endif
