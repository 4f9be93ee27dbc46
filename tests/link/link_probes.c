/* What ctypes cannot see: sizes. */
#include <stddef.h>

#include "fake_models.h"
#include "fp_device.h"

size_t probe_device_bytes(void);
size_t probe_frame_bytes(void);
size_t probe_decoder_bytes(void);
size_t probe_port_bytes(void);
size_t probe_encoded_max(void);

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
