/* Replies beside the one in `tx`: what fp_device.c needs of them, and nothing where the firmware is not extended. */
#ifndef FP_REPLY_H
#define FP_REPLY_H

#include "fp_bytes.h"
#include "fp_device.h"

static inline fp_frame fp_reply_to(const fp_frame *request, uint8_t type) {
    return (fp_frame){.version = FP_PROTOCOL_VERSION, .type = type, .sequence = request->sequence};
}

static inline fp_request_id fp_request_id_of(const fp_frame *request) {
    return (fp_request_id){.crc = request->crc, .sequence = request->sequence, .type = request->type};
}

static inline bool fp_request_is_same(const fp_request_id *a, const fp_request_id *b) {
    return a->type == b->type && a->sequence == b->sequence && a->crc == b->crc;
}

static inline uint16_t fp_reply_put_error(uint8_t *payload, const fp_frame *request, fp_link_error error,
                                          uint32_t detail) {
    store16_le(payload + FP_ERROR_REPLY_CODE, (uint16_t)error);
    payload[FP_ERROR_REPLY_REQUEST] = request->type;
    store32_le(payload + FP_ERROR_REPLY_DETAIL, detail);
    return FP_ERROR_REPLY_BYTES;
}

#if FP_EXTENDED
/* Keep a reply that is short enough, before it is sealed. */
void fp_reply_remember(fp_device *device, const fp_request_id *id, const fp_frame *reply);

/* Send the reply that a request got before; returns whether it is remembered. */
bool fp_reply_send_remembered(fp_device *device, const fp_request_id *id, const fp_frame *request);

/* Check version, flags and guard; returns whether the request is to be carried out, and answers it where not. Leaves
 * `tx` alone, so that nobody who does not pass can make the board forget its latest reply. */
bool fp_reply_admit(fp_device *device, fp_frame *request);

/* The guard, if replies have to go through it. */
static inline const fp_guard *fp_sealing_guard(const fp_device *device) {
    return device->guard != NULL && device->guard->seal != NULL ? device->guard : NULL;
}

static inline void fp_reply_seal(const fp_device *device, const fp_frame *request, fp_frame *reply, uint8_t *payload) {
    const fp_guard *guard = fp_sealing_guard(device);
    if (guard != NULL) {
        guard->seal(device->guard_context, request, reply, payload);
    }
}
#else
static inline void fp_reply_remember(fp_device *device, const fp_request_id *id, const fp_frame *reply) {
    (void)device;
    (void)id;
    (void)reply;
}

static inline bool fp_reply_send_remembered(fp_device *device, const fp_request_id *id, const fp_frame *request) {
    (void)device;
    (void)id;
    (void)request;
    return false;
}

static inline bool fp_reply_admit(const fp_device *device, const fp_frame *request) {
    (void)device;
    (void)request;
    return true;
}

static inline void fp_reply_seal(const fp_device *device, const fp_frame *request, const fp_frame *reply,
                                 const uint8_t *payload) {
    (void)device;
    (void)request;
    (void)reply;
    (void)payload;
}

#define fp_sealing_guard(device) ((const fp_guard *)NULL)
#endif

#endif
