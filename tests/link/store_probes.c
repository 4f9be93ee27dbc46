/* Extended firmware for the tests: a store for transfers, sessions, authentication. */
#include <stddef.h>

#include "fake_store.h"
#include "fp_device.h"

size_t probe_store_bytes(void);
void probe_serve(fp_device *device, fake_store *store, const uint8_t *key, fp_auth_random random);
uint32_t probe_store_number(const fake_store *store, int which);

size_t probe_store_bytes(void) {
    return sizeof(fake_store);
}

void probe_serve(fp_device *device, fake_store *store, const uint8_t *key, fp_auth_random random) {
    fake_store_init(store, key, random);
    fp_device_serve(device, store->services, sizeof store->services / sizeof store->services[0]);
    if (random != NULL) {
        fp_device_protect(device, &fp_auth_guard, &store->auth);
    } else {
        fp_device_protect(device, &fp_session_guard, &store->session);
    }
}

uint32_t probe_store_number(const fake_store *store, int which) {
    const uint32_t numbers[] = {store->begun, store->written, store->commits, store->bytes};
    return numbers[which];
}
