/* Sessions: a host knows whether the board it talks to is still the one it left, with everything it was told.
 *
 * The host opens a session under a random number; requests then carry it. A board that was reset, or that another host
 * has opened since, is in another session and says so (FP_LINK_BAD_SESSION). Requests without a session are carried
 * out as ever. docs/protocol.md, "Sessions".
 *
 *     static fp_session session;
 *     const fp_service services[] = {fp_session_service(&session), …};
 *     fp_device_serve(&device, services, …);
 *     fp_device_protect(&device, &fp_session_guard, &session);
 */
#ifndef FP_SESSION_H
#define FP_SESSION_H

#include <stdint.h>

#include "fp_service.h"

#ifdef __cplusplus
extern "C" {
#endif

/* All zero before the first session. */
typedef struct fp_session {
    uint32_t number;   /* 0: none since reset */
    uint32_t previous; /* the one before it */
} fp_session;

extern const fp_guard fp_session_guard;

/* The request that opens a session, for fp_device_serve. */
fp_service fp_session_service(fp_session *session);

/* Take the session block off a request; `*number` gets what it says. Errors: FP_LINK_BAD_LENGTH where there is none. */
fp_link_error fp_session_take_block(fp_frame *request, uint32_t *number, uint32_t *detail);

/* A request of session `number` has come: enter that session if it opens one. Errors: FP_LINK_BAD_SESSION. */
fp_link_error fp_session_check(fp_session *session, const fp_frame *request, uint32_t number, uint32_t *detail);

#ifdef __cplusplus
}
#endif
#endif
