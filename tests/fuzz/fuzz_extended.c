/* libFuzzer target: extended firmware, that is, transfers, sessions and authentication, on hostile bytes.
 *
 * First byte of an input: bits 0..1 the test model, bit 2 whether the board has a key. Then records: type, sequence,
 * two bytes of length and wrapping, the payload (padded with 0x5A where the input ends). The wrapping is in bits 11..13
 * of the two bytes; the others are the payload's length, modulo 1100:
 *
 *     0 a frame without flags          1 in session 7                 2 in the session of the payload's first bytes
 *     3 with a right tag               4 with a right tag and the counter before     5 with the tag of its own bytes
 *     6 a right tag, session 8         7 any flags: the payload's first byte
 *
 * Type 0xFF: the length bytes that follow go onto the line as they are.
 *
 * Checked beside what the sanitisers see: each request that arrives is answered, once or after WORKING, with its own
 * reply or a named error; errors are counted; and in the end the board still answers. */
#include "fake_models.h"
#include "fake_store.h"
#include "fuzz_line.h"
#include "monocypher.h"

#define LAST_ERROR FP_LINK_NO_ENTROPY
#define MOST_RECORDS 32u
#define TAGGED (FP_FLAG_SESSION | FP_FLAG_TAG)
#define BLOCKS (FP_SESSION_BLOCK_BYTES + FP_COUNTER_BLOCK_BYTES)

static const uint8_t key[FP_AUTH_KEY_BYTES] = "the key of the board in the test";

typedef struct bench {
    line line;
    uint32_t finals; /* replies but WORKING */
    uint32_t errors;
    uint8_t type; /* of the latest one */
    fp_device device;
    fake_store store;
    int8_t arena[FAKE_ARENA_BYTES];
} bench;

static uint8_t nonces;

static bool next_nonce(uint8_t *bytes, uint32_t length) {
    memset(bytes, ++nonces, length);
    return true;
}

static void port_write(void *context, const uint8_t *bytes, size_t length) {
    bench *on = (bench *)context;
    uint8_t buffer[FP_FRAME_RAW_MAX];
    fp_frame frame;
    check_answer(bytes, length, buffer, &frame);
    require(frame.flags == 0 || (frame.flags == TAGGED && frame.length >= BLOCKS + FP_TAG_BYTES));
    if (frame.type == FP_MSG_WORKING) {
        return;
    }
    on->finals++;
    on->type = frame.type;
    if (frame.type == FP_MSG_ERROR) {
        const uint8_t *payload = frame.payload + (frame.flags != 0 ? BLOCKS : 0u);
        uint16_t code = load16_le(payload + FP_ERROR_REPLY_CODE);
        on->errors++;
        require((code >= FP_LINK_BAD_VERSION && code <= LAST_ERROR));
    }
}

static void derive(const fp_auth *auth, uint8_t keys[64]) {
    crypto_blake2b_ctx context;
    crypto_blake2b_keyed_init(&context, 64, key, sizeof key);
    crypto_blake2b_update(&context, (const uint8_t *)"fedpai session 1", 16);
    crypto_blake2b_update(&context, auth->host_nonce, sizeof auth->host_nonce);
    crypto_blake2b_update(&context, auth->board_nonce, sizeof auth->board_nonce);
    crypto_blake2b_final(&context, keys);
}

/* Put blocks and a tag around the payload in place; returns the new length. */
static size_t seal(const fp_auth *auth, uint8_t type, uint8_t sequence, uint32_t wrapping, uint8_t *payload,
                   size_t length) {
    uint8_t keys[64];
    uint8_t header[FP_HEADER_BYTES] = {FP_PROTOCOL_VERSION, type, sequence, 0, TAGGED, 0};
    crypto_blake2b_ctx context;
    memcpy(keys, auth->keys.host, sizeof auth->keys.host);
    if (auth->is_greeted && type == FP_MSG_OPEN) {
        derive(auth, keys);
    }
    memmove(payload + BLOCKS, payload, length);
    store32_le(payload, wrapping == 6 ? 8u : 7u);
    store32_le(payload + FP_SESSION_BLOCK_BYTES, auth->counter + (wrapping == 4 ? 0u : 1u));
    crypto_blake2b_keyed_init(&context, FP_TAG_BYTES, keys, 32);
    crypto_blake2b_update(&context, header, sizeof header);
    crypto_blake2b_update(&context, payload, BLOCKS + length);
    crypto_blake2b_final(&context, payload + BLOCKS + length);
    return BLOCKS + length + FP_TAG_BYTES;
}

static void run(bench *on) {
    while (fp_device_poll(&on->device)) {
    }
    on->line.length = 0;
    on->line.taken = 0;
}

static void send(bench *on, uint8_t type, uint8_t sequence, uint32_t wrapping, uint8_t *payload, size_t length) {
    uint8_t flags = 0;
    uint32_t before = on->finals;
    if (wrapping == 1) {
        memmove(payload + FP_SESSION_BLOCK_BYTES, payload, length);
        store32_le(payload, 7);
        length += FP_SESSION_BLOCK_BYTES;
    } else if (wrapping == 3 || wrapping == 4 || wrapping == 6) {
        length = seal(&on->store.auth, type, sequence, wrapping, payload, length);
    }
    if (wrapping != 0) {
        flags = wrapping == 7 ? payload[0] : wrapping <= 2 ? FP_FLAG_SESSION : TAGGED;
    }
    put_request(&on->line, type, sequence, flags, payload, length);
    bool fits = length <= FP_MAX_PAYLOAD && (type & FP_REPLY_BIT) == 0;
    run(on);
    require(on->finals - before == (fits ? 1u : 0u));
    require(!fits || on->type == FP_MSG_ERROR || on->type == (type | FP_REPLY_BIT));
}

static void play(bench *on, const uint8_t *data, size_t size) {
    uint8_t payload[LONGEST_PAYLOAD + BLOCKS + FP_TAG_BYTES];
    for (uint32_t record = 0; record < MOST_RECORDS && size >= 4; record++) {
        uint32_t word = load16_le(data + 2);
        size_t length = (word & 0x7FFu) % (LONGEST_PAYLOAD - 99u);
        size_t present = length < size - 4 ? length : size - 4;
        memset(payload, 0x5A, sizeof payload);
        memcpy(payload, data + 4, present);
        if (data[0] == RAW_RECORD) {
            put(&on->line, payload, present);
            put(&on->line, (const uint8_t *)"", 1);
            run(on);
        } else {
            send(on, data[0], data[1], word >> 11 & 7u, payload, length);
        }
        data += 4 + present;
        size -= 4 + present;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint8_t payload[64] = {0};
    bench *on = size > 0 ? malloc(sizeof *on) : NULL;
    if (on == NULL) {
        return 0;
    }
    bool has_key = (data[0] & 4u) != 0;
    const fp_model *model = fake_model(data[0] & 3);
    fp_port port = {&on->line, port_read,  port_write, port_wait, port_ticks,
                    1000,      port_count, port_count, "fuzz",    NULL};
    memset(&on->line, 0, sizeof on->line);
    memset(on->arena, 0, sizeof on->arena);
    nonces = 0;
    on->finals = 0;
    on->errors = 0;
    require(fp_device_init(&on->device, model, on->arena, sizeof on->arena, &port) == FP_OK);
    fake_store_init(&on->store, key, has_key ? next_nonce : NULL);
    fp_device_serve(&on->device, on->store.services, sizeof on->store.services / sizeof on->store.services[0]);
    fp_device_protect(&on->device, has_key ? &fp_auth_guard : &fp_session_guard,
                      has_key ? (void *)&on->store.auth : (void *)&on->store.session);
    play(on, data + 1, size - 1);
    send(on, has_key ? FP_MSG_HELLO : FP_MSG_PING, 77, 0, payload, FP_HELLO_REQUEST_BYTES);
    require(on->type == (has_key ? FP_MSG_HELLO : FP_MSG_PING) + FP_REPLY_BIT);
    require(on->device.counters.refusals >= on->errors || on->device.counters.repeats > 0);
    free(on);
    return 0;
}
