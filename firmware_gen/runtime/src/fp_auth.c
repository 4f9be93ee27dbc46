#include "fp_auth.h"

#include <string.h>

#include "fp_bytes.h"
#include "fp_crc32.h"
#include "monocypher.h"

#define BLOCK_BYTES (FP_SESSION_BLOCK_BYTES + FP_COUNTER_BLOCK_BYTES)
#define FLAGS (FP_FLAG_SESSION | FP_FLAG_TAG)

static const char session_label[] = "fedpai session 1";
static const char hello_label[] = "fedpai hello 1";

void fp_auth_init(fp_auth *auth, const uint8_t *key, fp_auth_random random) {
    memset(auth, 0, sizeof *auth);
    auth->key = key;
    auth->random = random;
}

/* The keys that belong to the latest pair of nonces. */
static void derive(const fp_auth *auth, fp_auth_keys *keys) {
    crypto_blake2b_ctx context;
    uint8_t both[2u * FP_AUTH_KEY_BYTES];
    crypto_blake2b_keyed_init(&context, sizeof both, auth->key, FP_AUTH_KEY_BYTES);
    crypto_blake2b_update(&context, (const uint8_t *)session_label, sizeof session_label - 1u);
    crypto_blake2b_update(&context, auth->host_nonce, sizeof auth->host_nonce);
    crypto_blake2b_update(&context, auth->board_nonce, sizeof auth->board_nonce);
    crypto_blake2b_final(&context, both);
    memcpy(keys->host, both, sizeof keys->host);
    memcpy(keys->board, both + sizeof keys->host, sizeof keys->board);
    crypto_wipe(both, sizeof both);
}

/* The tag of a frame whose blocks and payload are the `length` bytes at `bytes`. */
static void compute_tag(const uint8_t *key, const fp_frame *frame, const uint8_t *bytes, size_t length, uint8_t *tag) {
    crypto_blake2b_ctx context;
    uint8_t header[FP_HEADER_BYTES];
    header[FP_HEADER_VERSION] = frame->version;
    header[FP_HEADER_TYPE] = frame->type;
    store16_le(header + FP_HEADER_SEQUENCE, frame->sequence);
    store16_le(header + FP_HEADER_FLAGS, frame->flags);
    crypto_blake2b_keyed_init(&context, FP_TAG_BYTES, key, FP_AUTH_KEY_BYTES);
    crypto_blake2b_update(&context, header, sizeof header);
    crypto_blake2b_update(&context, bytes, length);
    crypto_blake2b_final(&context, tag);
}

/* A repeated HELLO gets the same nonce again, so that a host that lost the first reply and one that did not agree. */
static bool greet(void *context, const fp_frame *request, uint8_t *payload, uint16_t *length) {
    fp_auth *auth = (fp_auth *)context;
    fp_auth_keys keys;
    if (request->version != FP_PROTOCOL_VERSION || request->type != FP_MSG_HELLO || request->flags != 0 ||
        request->length != FP_HELLO_REQUEST_BYTES) {
        return false;
    }
    bool again = auth->is_greeted && memcmp(request->payload, auth->host_nonce, sizeof auth->host_nonce) == 0;
    if (!again) {
        auth->is_greeted = auth->random(auth->board_nonce, sizeof auth->board_nonce);
        memcpy(auth->host_nonce, request->payload, sizeof auth->host_nonce);
    }
    if (!auth->is_greeted) {
        return false;
    }
    derive(auth, &keys);
    memcpy(payload + FP_HELLO_REPLY_NONCE, auth->board_nonce, sizeof auth->board_nonce);
    crypto_blake2b_keyed(payload + FP_HELLO_REPLY_PROOF, FP_TAG_BYTES, keys.board, sizeof keys.board,
                         (const uint8_t *)hello_label, sizeof hello_label - 1u);
    *length = FP_HELLO_REPLY_BYTES;
    crypto_wipe(&keys, sizeof keys);
    return true;
}

static bool has_tag(const uint8_t *key, const fp_frame *request) {
    uint8_t tag[FP_TAG_BYTES];
    size_t covered = (size_t)request->length - FP_TAG_BYTES;
    compute_tag(key, request, request->payload, covered, tag);
    return crypto_verify16(tag, request->payload + covered) == 0;
}

/* OPEN carries the tag of the session that it opens: who can make it has the key, and these very nonces. */
static fp_link_error check_open(fp_auth *auth, const fp_frame *request) {
    fp_auth_keys keys;
    if (!auth->is_greeted) {
        return FP_LINK_BAD_TAG;
    }
    derive(auth, &keys);
    bool valid = has_tag(keys.host, request);
    if (valid) {
        auth->keys = keys;
        auth->counter = 0;
        auth->session.previous = auth->session.number;
        auth->session.number = 0;
        auth->is_greeted = false;
    }
    crypto_wipe(&keys, sizeof keys);
    return valid ? FP_LINK_OK : FP_LINK_BAD_TAG;
}

static fp_link_error check_tag(fp_auth *auth, const fp_frame *request, uint32_t number) {
    if (number == auth->session.number && number != 0 && has_tag(auth->keys.host, request)) {
        return FP_LINK_OK;
    }
    if (request->type == FP_MSG_OPEN && number != 0) {
        return check_open(auth, request);
    }
    return number == auth->session.number && number != 0 ? FP_LINK_BAD_TAG : FP_LINK_BAD_SESSION;
}

static fp_link_error open_request(void *context, fp_frame *request, uint32_t *detail) {
    fp_auth *auth = (fp_auth *)context;
    if ((request->flags & FLAGS) != FLAGS) {
        *detail = FLAGS;
        return request->type == FP_MSG_HELLO && request->length == FP_HELLO_REQUEST_BYTES ? FP_LINK_NO_ENTROPY
                                                                                          : FP_LINK_NEEDS_TAG;
    }
    if (request->length < BLOCK_BYTES + FP_TAG_BYTES) {
        *detail = BLOCK_BYTES + FP_TAG_BYTES;
        return FP_LINK_BAD_LENGTH;
    }
    uint32_t number = load32_le(request->payload);
    uint32_t counter = load32_le(request->payload + FP_SESSION_BLOCK_BYTES);
    *detail = auth->session.number;
    fp_link_error error = check_tag(auth, request, number);
    if (error != FP_LINK_OK) {
        return error;
    }
    if (counter <= auth->counter) {
        *detail = auth->counter;
        return FP_LINK_REPLAYED;
    }
    auth->counter = counter;
    request->payload += BLOCK_BYTES;
    request->length = (uint16_t)(request->length - BLOCK_BYTES - FP_TAG_BYTES);
    /* A repetition has a counter of its own, so what tells it from a new request is what it asks for. */
    request->crc = fp_crc32(0, request->payload, request->length);
    if (auth->session.number == 0) {
        auth->session.number = number;
    }
    return FP_LINK_OK;
}

/* The counter is that of the request: so a reply answers this one and no other. */
static void seal_reply(void *context, const fp_frame *request, fp_frame *reply, uint8_t *payload) {
    fp_auth *auth = (fp_auth *)context;
    uint8_t *start = payload - BLOCK_BYTES;
    size_t covered = BLOCK_BYTES + (size_t)reply->length;
    (void)request;
    store32_le(start, auth->session.number);
    store32_le(start + FP_SESSION_BLOCK_BYTES, auth->counter);
    reply->flags = FLAGS;
    compute_tag(auth->keys.board, reply, start, covered, start + covered);
    reply->payload = start;
    reply->length = (uint16_t)(covered + FP_TAG_BYTES);
}

const fp_guard fp_auth_guard = {
    .flags = FLAGS,
    .before = BLOCK_BYTES,
    .behind = FP_TAG_BYTES,
    .open = open_request,
    .seal = seal_reply,
    .greet = greet,
};

_Static_assert(BLOCK_BYTES + FP_TAG_BYTES <= FP_GUARD_BYTES, "short replies have no room for the guard's bytes");
_Static_assert(FP_HELLO_REPLY_BYTES <= FP_FRAME_SHORT_PAYLOAD, "the greeting is no short reply");
