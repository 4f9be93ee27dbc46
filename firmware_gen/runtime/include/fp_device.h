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
#include "fp_status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a host may have unanswered on the line, in encoded bytes. A port's receive ring holds at least this many; what
 * arrives beyond (a host that repeats a request while the model runs) may be lost and is then counted in rx_lost. */
#define FP_RX_WINDOW FP_FRAME_ENCODED_MAX

typedef struct fp_device_counters {
    uint32_t frames_ok;
    uint32_t crc_errors;
    uint32_t framing_errors;
    uint32_t repeats;
    uint32_t inferences;
    uint64_t last_ticks;
} fp_device_counters;

/* The request whose encoded reply lies in `tx`, for the case that the host did not get it and asks again. */
typedef struct fp_device_cache {
    uint16_t bytes; /* of the encoded reply; 0: nothing is cached */
    uint16_t sequence;
    uint8_t type;
    uint32_t crc;
} fp_device_cache;

struct fp_route; /* fp_requests.h */

/* About 2.2 KB with the default FP_MAX_PAYLOAD. All members are private. */
typedef struct fp_device {
    const fp_model *model;
    const fp_port *port;
    int8_t *arena;
    uint64_t start_ticks;
    uint32_t input_filled;       /* bytes of the input that are present, from its start */
    bool output_valid;           /* the arena holds the output of the latest run */
    const struct fp_route *more; /* requests beyond those of fp_requests.c */
    uint32_t more_count;
    void *more_context; /* what their handlers work on */
    fp_frame_decoder decoder;
    fp_device_counters counters;
    fp_device_cache cache;
    uint8_t rx[FP_FRAME_RAW_MAX];
    uint8_t tx[FP_FRAME_ENCODED_MAX];
} fp_device;

/* Nothing is kept but the pointers, which must stay valid. `arena` is 8-byte aligned. A model without `invoke` stands
 * for a firmware that runs none: it lends its name, digest and arena size to INFO.
 * Errors: FP_ERR_ARGUMENT for a null pointer, an input or output that lies outside the model's arena, or an empty one;
 * FP_ERR_CAPACITY when `arena_bytes` is less than the model needs. */
fp_status fp_device_init(fp_device *device, const fp_model *model, int8_t *arena, uint32_t arena_bytes,
                         const fp_port *port);

/* Answer more requests; `routes` (fp_requests.h) and `context` must stay valid. Called once, before the first poll. */
void fp_device_extend(fp_device *device, const struct fp_route *routes, uint32_t count, void *context);

/* Take what the port has received, at most one small chunk, and answer each complete request in it.
 * Returns whether there was anything; if not, the caller may port->wait. */
bool fp_device_poll(fp_device *device);

#ifdef __cplusplus
}
#endif
#endif
