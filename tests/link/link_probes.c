/* What ctypes cannot see: sizes. */
#include <stddef.h>

#include "fake_models.h"
#include "fake_store.h"
#include "fp_device.h"

size_t probe_device_bytes(void);
size_t probe_frame_bytes(void);
size_t probe_decoder_bytes(void);
size_t probe_port_bytes(void);
size_t probe_encoded_max(void);
size_t probe_store_bytes(void);
void probe_serve(fp_device *device, fake_store *store);
uint32_t probe_store_number(const fake_store *store, int which);

size_t probe_device_bytes(void) {
    return sizeof(fp_device);
}

size_t probe_frame_bytes(void) {
    return sizeof(fp_frame);
}

size_t probe_decoder_bytes(void) {
    return sizeof(fp_frame_decoder);
}

size_t probe_port_bytes(void) {
    return sizeof(fp_port);
}

size_t probe_encoded_max(void) {
    return FP_FRAME_ENCODED_MAX;
}

size_t probe_store_bytes(void) {
    return sizeof(fake_store);
}

void probe_serve(fp_device *device, fake_store *store) {
    fake_store_init(store);
#if FP_EXTENDED
    fp_device_serve(device, store->services, sizeof store->services / sizeof store->services[0]);
#else
    (void)device;
#endif
}

uint32_t probe_store_number(const fake_store *store, int which) {
    const uint32_t numbers[] = {store->begun, store->written, store->commits, store->bytes};
    return numbers[which];
}
