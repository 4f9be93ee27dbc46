/* CRC-32 as in zlib, Ethernet and PNG: reflected polynomial 0xEDB88320, start and final value inverted. */
#ifndef FP_CRC32_H
#define FP_CRC32_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Continue a CRC over `length` more bytes; start with crc = 0. The check value of "123456789" is 0xCBF43926. */
uint32_t fp_crc32(uint32_t crc, const void *bytes, size_t length);

#ifdef __cplusplus
}
#endif
#endif
