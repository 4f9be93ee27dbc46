/* Authenticated sessions: only who has the board's key is obeyed, nothing is obeyed twice, and the host knows that the
 * board has the key. Nothing is secret. docs/protocol.md, "Authentication"; SECURITY.md says what it is good for.
 *
 * Needs Monocypher's BLAKE2b (monocypher.h), which is no part of this runtime.
 *
 *     static fp_auth auth;
 *     fp_auth_init(&auth, key, board_random);
 *     const fp_service services[] = {fp_session_service(&auth.session), …};
 *     fp_device_serve(&device, services, …);
 *     fp_device_protect(&device, &fp_auth_guard, &auth);
 */
#ifndef FP_AUTH_H
#define FP_AUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "fp_session.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FP_AUTH_KEY_BYTES 32u
#define FP_AUTH_NONCE_BYTES 16u

/* Fill `bytes` with bits that no one can make come again; returns false where that is not possible now. */
typedef bool (*fp_auth_random)(uint8_t *bytes, uint32_t length);

/* Keys of one session, one for each direction. */
typedef struct fp_auth_keys {
    uint8_t host[FP_AUTH_KEY_BYTES];
    uint8_t board[FP_AUTH_KEY_BYTES];
} fp_auth_keys;

/* About 130 bytes; private but for `session`. */
typedef struct fp_auth {
    fp_session session;
    const uint8_t *key;
    fp_auth_random random;
    fp_auth_keys keys; /* of the session */
    uint32_t counter;  /* the highest one seen in the session */
    bool is_greeted;   /* the nonces wait for the request that opens a session with them */
    uint8_t host_nonce[FP_AUTH_NONCE_BYTES];
    uint8_t board_nonce[FP_AUTH_NONCE_BYTES];
} fp_auth;

/* `key` (FP_AUTH_KEY_BYTES) stays the caller's and must stay valid. */
void fp_auth_init(fp_auth *auth, const uint8_t *key, fp_auth_random random);

/* Lets pass, apart from HELLO, which it answers itself, only requests with a tag. */
extern const fp_guard fp_auth_guard;

#ifdef __cplusplus
}
#endif
#endif
