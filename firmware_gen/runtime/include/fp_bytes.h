/* Little-endian numbers in byte buffers, whatever the processor's byte order and alignment rules are. */
#ifndef FP_BYTES_H
#define FP_BYTES_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

static inline uint16_t load16_le(const uint8_t *bytes) {
    return (uint16_t)(bytes[0] | (bytes[1] << 8));
}

static inline uint32_t load32_le(const uint8_t *bytes) {
    return (uint32_t)load16_le(bytes) | ((uint32_t)load16_le(bytes + 2) << 16);
}

static inline void store16_le(uint8_t *bytes, uint16_t value) {
    bytes[0] = (uint8_t)(value & 0xFFu);
    bytes[1] = (uint8_t)(value >> 8);
}

static inline void store32_le(uint8_t *bytes, uint32_t value) {
    store16_le(bytes, (uint16_t)(value & 0xFFFFu));
    store16_le(bytes + 2, (uint16_t)(value >> 16));
}

static inline void store64_le(uint8_t *bytes, uint64_t value) {
    store32_le(bytes, (uint32_t)(value & 0xFFFFFFFFu));
    store32_le(bytes + 4, (uint32_t)(value >> 32));
}

#ifdef __cplusplus
}
#endif
#endif
