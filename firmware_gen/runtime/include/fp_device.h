/* The device application: answers the requests that docs/protocol.md lists, one at a time.
 *
 *     static fp_device device;
 *     fp_device_init(&device, &fp_generated_model, arena, sizeof arena, fp_board_port());
 *     for (;;) {
 *         if (!fp_device_poll(&device)) {
 *             port->wait(port->context);
 *         }
 *     }
 */
#ifndef FP_DEVICE_H
#define FP_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "fp_frame.h"
#include "fp_model.h"
#include "fp_port.h"
#include "fp_service.h"
#include "fp_status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* 1: firmware that does more than inference: it has services or a guard, or several requests under way. */
#ifndef FP_EXTENDED
#define FP_EXTENDED 0
#endif

/* Requests that a host may have unanswered at a time. More than one is worth while for boards that take and give many
 * bytes: the line then never waits for an answer. Costs 24 bytes each here and a frame each in the receive ring. */
#ifndef FP_REQUESTS_UNDER_WAY
#define FP_REQUESTS_UNDER_WAY 1u
#endif
#if FP_REQUESTS_UNDER_WAY < 1 || FP_REQUESTS_UNDER_WAY > 32
#error "FP_REQUESTS_UNDER_WAY must be 1 to 32"
#endif
#if FP_REQUESTS_UNDER_WAY > 1 && !FP_EXTENDED
#error "FP_REQUESTS_UNDER_WAY above 1 needs FP_EXTENDED=1"
#endif

/* What a host may have unanswered on the line, in encoded bytes: at least the largest frame. A port's receive ring
 * holds at least this many; what arrives beyond (a host that repeats a request while the model runs) may be lost and is
 * then counted in rx_lost. */
#ifndef FP_RX_WINDOW
#define FP_RX_WINDOW (FP_REQUESTS_UNDER_WAY * FP_FRAME_ENCODED_MAX)
#endif
#ifndef __cplusplus
_Static_assert(FP_RX_WINDOW >= FP_FRAME_ENCODED_MAX, "raise FP_RX_WINDOW: a host may send the largest frame");
#endif

/* Replies up to this length are remembered for FP_REQUESTS_UNDER_WAY requests, longer ones until the next request. */
#define FP_SHORT_REPLY_BYTES 7u

typedef struct fp_device_counters {
    uint32_t frames_ok;
    uint32_t crc_errors;
    uint32_t framing_errors;
    uint32_t repeats;
    uint32_t refusals;
    uint32_t inferences;
    uint64_t last_ticks;
} fp_device_counters;

/* What tells a repeated request from a new one. */
typedef struct fp_request_id {
    uint32_t crc;
    uint16_t sequence;
    uint8_t type;
} fp_request_id;

/* The request whose encoded reply lies in `tx`, for the case that the host did not get it and asks again. */
typedef struct fp_device_cache {
    fp_request_id id;
    uint16_t bytes; /* of the encoded reply; 0: nothing is cached */
} fp_device_cache;

/* An older request with its reply. */
typedef struct fp_short_reply {
    fp_request_id id;
    uint8_t type; /* of the reply; 0: an empty entry */
    uint8_t length;
    uint8_t payload[FP_SHORT_REPLY_BYTES];
} fp_short_reply;

/* About 2.2 KB with the default FP_MAX_PAYLOAD. All members are private, except that handlers read `model` and `port`
 * and count in `counters`. */
typedef struct fp_device {
    const fp_model *model;
    const fp_port *port;
    int8_t *arena;
    uint64_t start_ticks;
    uint32_t input_filled; /* bytes of the input that are present, from its start */
    bool output_valid;     /* the arena holds the output of the latest run */
    fp_frame_decoder decoder;
    fp_device_counters counters;
    fp_device_cache cache;
#if FP_EXTENDED
    const fp_service *services;
    uint32_t service_count;
    const fp_guard *guard;
    void *guard_context;
    fp_short_reply short_replies[FP_REQUESTS_UNDER_WAY];
    uint32_t next_short_reply;
#endif
    uint8_t rx[FP_FRAME_RAW_MAX];
    uint8_t tx[FP_FRAME_ENCODED_MAX];
} fp_device;

/* Nothing is kept but the pointers, which must stay valid. `arena` is 8-byte aligned. A model without `invoke` stands
 * for a firmware that runs none: it lends its name, digest and arena size to INFO.
 * Errors: FP_ERR_ARGUMENT for a null pointer, an input or output that lies outside the model's arena, or an empty one;
 * FP_ERR_CAPACITY when `arena_bytes` is less than the model needs. */
fp_status fp_device_init(fp_device *device, const fp_model *model, int8_t *arena, uint32_t arena_bytes,
                         const fp_port *port);

#if FP_EXTENDED
/* Answer more requests than those of inference: `services` stays the caller's and must stay valid. */
void fp_device_serve(fp_device *device, const fp_service *services, uint32_t count);

/* Let `guard` see each request before it is answered, and each reply before it is sent. */
void fp_device_protect(fp_device *device, const fp_guard *guard, void *context);
#endif

/* Take what the port has received, at most one small chunk, and answer each complete request in it.
 * Returns whether there was anything; if not, the caller may port->wait. */
bool fp_device_poll(fp_device *device);

/* For handlers: tell the host that its request has arrived and takes a while; may be called again and again. */
void fp_device_send_working(fp_device *device, const fp_frame *request);

#ifdef __cplusplus
}
#endif
#endif
