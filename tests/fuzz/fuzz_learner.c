/* libFuzzer target: a board that learns, on hostile requests. render_learner.py makes its network.
 *
 * An input is a list of records: type, what, two bytes of length, payload (cut where the input ends). A type below 0x80
 * is sent as it is, as a request; in SEED and ROUND bit 0 of `what` puts the right model in, in ROUND bit 1 the right
 * mask.
 *
 * 0xF0: a whole put of kind `what` whose content is the payload, again and again, in the length the board asks for.
 * 0xF1: a whole round: ROUND with the payload, its task from the rest of it, TRAIN, and a get of the update.
 *
 * Checked beside what the sanitisers see: each request is answered, once or after WORKING, with its own reply or a
 * named error; and in the end the board still answers. */
#include "fake_models.h"
#include "fp_learner_data.h"
#include "fp_learning_store.h"
#include "fp_requests_learn.h"
#include "fp_session.h"
#include "fuzz_line.h"

#define MOST_RECORDS 24u
#define MOST_CONTENT 4096u
#define PUT 0xF0u
#define ROUND 0xF1u

typedef struct bench {
    line line;
    fp_frame reply;
    uint8_t payload[FP_FRAME_RAW_MAX];
    uint8_t sequence;
    fp_device device;
    fp_session session;
    fp_learning learning;
    fp_transfer transfer;
    fp_transfer_store store;
    fp_learn learn;
    fp_service services[3];
    uint64_t block[FP_GENERATED_LEARNER_BYTES / 8u];
    uint64_t second[FP_GENERATED_LEARNER_SECOND_BYTES / 8u];
} bench;

static void port_write(void *context, const uint8_t *bytes, size_t length) {
    bench *on = (bench *)context;
    check_answer(bytes, length, on->payload, &on->reply);
    require(on->reply.flags == 0);
}

/* Send a request and hold the answer against it; returns whether it was granted. */
static bool ask(bench *on, uint8_t type, const uint8_t *payload, size_t length) {
    on->reply.type = 0;
    put_request(&on->line, type, ++on->sequence, 0, payload, length);
    while (fp_device_poll(&on->device)) {
    }
    on->line.length = 0;
    on->line.taken = 0;
    if (on->reply.type == FP_MSG_ERROR) {
        uint16_t code = load16_le(on->reply.payload + FP_ERROR_REPLY_CODE);
        require((code >= FP_LINK_BAD_VERSION && code <= FP_LINK_NO_ENTROPY) ||
                (code >= FP_LINK_BAD_MODEL && code <= FP_LINK_LEARNER_FAILED));
        return false;
    }
    require(on->reply.type == (type | FP_REPLY_BIT));
    return true;
}

static bool begin(bench *on, uint8_t kind, uint32_t item, const uint8_t *content, size_t length) {
    uint8_t request[FP_PUT_BEGIN_REQUEST_BYTES] = {kind};
    store32_le(request + FP_PUT_BEGIN_REQUEST_ITEM, item);
    store32_le(request + FP_PUT_BEGIN_REQUEST_TOTAL, (uint32_t)length);
    store32_le(request + FP_PUT_BEGIN_REQUEST_CRC32, fp_crc32(0, content, length));
    store16_le(request + FP_PUT_BEGIN_REQUEST_CHUNK_BYTES, 512);
    return ask(on, FP_MSG_PUT_BEGIN, request, sizeof request);
}

static void fill(uint8_t content[MOST_CONTENT], const uint8_t *pattern, size_t length) {
    for (size_t i = 0; i < MOST_CONTENT; i++) {
        content[i] = length > 0 ? pattern[i % length] : 0;
    }
}

static void put_all(bench *on, uint8_t kind, uint32_t item, const uint8_t content[MOST_CONTENT], size_t length) {
    uint8_t request[516];
    if (!begin(on, kind, item, content, length)) {
        length = load32_le(on->reply.payload + FP_ERROR_REPLY_DETAIL);
        if (length > MOST_CONTENT || !begin(on, kind, item, content, length)) {
            return;
        }
    }
    for (size_t at = 0; at < length; at += 512) {
        size_t chunk = length - at < 512 ? length - at : 512;
        store32_le(request, (uint32_t)at);
        memcpy(request + 4, content + at, chunk);
        require(ask(on, FP_MSG_PUT_CHUNK, request, 4 + chunk));
    }
    store32_le(request, fp_crc32(0, content, length));
    (void)ask(on, FP_MSG_PUT_END, request, FP_PUT_END_REQUEST_BYTES);
}

static void get_all(bench *on, uint8_t kind, uint32_t item) {
    uint8_t request[FP_GET_CHUNK_REQUEST_BYTES] = {kind};
    store32_le(request + 1, item);
    if (ask(on, FP_MSG_GET_BEGIN, request, FP_GET_BEGIN_REQUEST_BYTES)) {
        uint32_t total = load32_le(on->reply.payload);
        store32_le(request, 0);
        store16_le(request + 4, (uint16_t)(total < 1000 ? total : 1000));
        require(ask(on, FP_MSG_GET_CHUNK, request, sizeof request));
    }
}

static void put_right_numbers(const bench *on, uint8_t type, uint8_t what, uint8_t *payload) {
    if ((what & 1u) != 0) {
        store32_le(payload + (type == FP_MSG_SEED ? FP_SEED_REQUEST_MODEL : FP_ROUND_REQUEST_MODEL),
                   load32_le(on->learning.spec->sha256));
    }
    if (type == FP_MSG_ROUND && (what & 2u) != 0) {
        store32_le(payload + FP_ROUND_REQUEST_MASK, fp_learner_mask_fingerprint(&on->learning.learner));
    }
}

static void whole_round(bench *on, uint8_t *payload, size_t length) {
    uint8_t content[MOST_CONTENT];
    uint8_t number[FP_TRAIN_REQUEST_BYTES];
    fill(content, payload, length);
    put_right_numbers(on, FP_MSG_ROUND, 3, payload);
    if (!ask(on, FP_MSG_ROUND, payload, FP_ROUND_REQUEST_BYTES)) {
        return;
    }
    uint32_t total = load32_le(on->reply.payload + FP_ROUND_REPLY_TOTAL);
    require(total <= MOST_CONTENT);
    store32_le(payload + FP_ROUND_REQUEST_TASK_CRC32, fp_crc32(0, content, total));
    (void)ask(on, FP_MSG_ROUND, payload, FP_ROUND_REQUEST_BYTES);
    put_all(on, FP_LEARNING_TASK, load32_le(payload + FP_ROUND_REQUEST_NUMBER), content, total);
    memcpy(number, payload + FP_ROUND_REQUEST_NUMBER, sizeof number);
    (void)ask(on, FP_MSG_TRAIN, number, sizeof number);
    get_all(on, FP_LEARNING_UPDATE, load32_le(number));
}

static void play(bench *on, const uint8_t *data, size_t size) {
    uint8_t payload[FP_MAX_PAYLOAD];
    uint8_t content[MOST_CONTENT];
    for (uint32_t record = 0; record < MOST_RECORDS && size >= 4; record++) {
        size_t length = load16_le(data + 2) % (FP_MAX_PAYLOAD + 1u);
        length = length < size - 4 ? length : size - 4;
        memset(payload, 0, sizeof payload);
        memcpy(payload, data + 4, length);
        if (data[0] == PUT) {
            fill(content, payload, length);
            put_all(on, data[1] & 7u, data[1] >> 3, content, length);
        } else if (data[0] == ROUND) {
            whole_round(on, payload, length);
        } else {
            uint8_t type = data[0] & 0x7Fu;
            if (type == FP_MSG_SEED || type == FP_MSG_ROUND) {
                put_right_numbers(on, type, data[1], payload);
            }
            (void)ask(on, type, payload, length);
        }
        data += 4 + length;
        size -= 4 + length;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    bench *on = calloc(1, sizeof *on);
    require(on != NULL);
    const fp_model none = {.name = "fuzz", .sha256 = fp_generated_learner.sha256};
    fp_port port = {&on->line, port_read,  port_write, port_wait, port_ticks,
                    1000,      port_count, port_count, "fuzz",    NULL};
    const fp_learner_memory memory = {on->block, on->second, sizeof on->block, sizeof on->second};
    require(fp_learning_init(&on->learning, &fp_generated_learner, &memory) == FP_OK);
    require(fp_device_init(&on->device, &none, (int8_t *)on->block, sizeof on->block, &port) == FP_OK);
    on->store = fp_learning_store(&on->learning);
    fp_transfer_init(&on->transfer, &on->store);
    on->learn = (fp_learn){.learning = &on->learning, .transfer = &on->transfer};
    on->services[0] = fp_learn_service(&on->learn);
    on->services[1] = fp_transfer_service(&on->transfer);
    on->services[2] = fp_session_service(&on->session);
    fp_device_serve(&on->device, on->services, 3);
    fp_device_protect(&on->device, &fp_session_guard, &on->session);
    play(on, data, size);
    require(ask(on, FP_MSG_LEARNER, data, 0) && ask(on, FP_MSG_PING, (const uint8_t *)"alive", 5));
    free(on);
    return 0;
}
