#include "fake_store.h"

#include <string.h>

static fp_link_error begin(void *context, fp_transfer_content *content, uint32_t *detail) {
    fake_store *store = (fake_store *)context;
    *detail = content->kind;
    if (content->kind < 1 || content->kind > 3 || content->is_put != (content->kind != 2)) {
        return FP_LINK_BAD_KIND;
    }
    if (content->is_put && content->bytes > FAKE_STORE_BYTES) {
        *detail = FAKE_STORE_BYTES;
        return FP_LINK_BAD_LENGTH;
    }
    if (!content->is_put) {
        content->bytes = store->bytes;
    }
    store->begun++;
    return FP_LINK_OK;
}

static void write(void *context, uint32_t offset, const uint8_t *bytes, uint32_t length) {
    fake_store *store = (fake_store *)context;
    store->written += length;
    memcpy(store->memory + offset, bytes, length);
}

static void read(void *context, uint32_t offset, uint8_t *bytes, uint32_t length) {
    memcpy(bytes, ((fake_store *)context)->memory + offset, length);
}

static fp_link_error commit(void *context, const fp_transfer_content *content, uint32_t *detail) {
    fake_store *store = (fake_store *)context;
    if (content->kind == 3) {
        *detail = 33;
        return FP_LINK_MODEL_FAILED;
    }
    store->commits++;
    store->bytes = content->bytes;
    return FP_LINK_OK;
}

void fake_store_init(fake_store *store, const uint8_t *key, fp_auth_random random) {
    memset(store, 0, sizeof *store);
    store->store =
        (fp_transfer_store){.context = store, .begin = begin, .write = write, .read = read, .commit = commit};
    fp_transfer_init(&store->transfer, &store->store);
    fp_auth_init(&store->auth, key, random);
    store->services[0] = fp_transfer_service(&store->transfer);
    store->services[1] = fp_session_service(random != NULL ? &store->auth.session : &store->session);
}
