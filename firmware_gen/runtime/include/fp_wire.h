/* Values on the line, byte for byte as docs/wire.md defines them. */
#ifndef FP_WIRE_H
#define FP_WIRE_H

#include <stdint.h>

#include "fp_status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FP_WIRE_BLOCK 128u /* values that share a scale in int8 */

typedef enum fp_wire_encoding { FP_WIRE_FLOAT32 = 0, FP_WIRE_FLOAT16 = 1, FP_WIRE_INT8 = 2 } fp_wire_encoding;

/* Payload bytes of `count` values; 0 for an unknown encoding. */
uint32_t fp_wire_bytes(fp_wire_encoding encoding, uint32_t count);

/* FP_OK if a payload of `count` values has no fault; FP_ERR_NUMBER for numbers that are not finite, FP_ERR_ENCODING for
 * what no writer writes (a bad scale, the byte -128), FP_ERR_ARGUMENT for an unknown encoding. */
fp_status fp_wire_check(fp_wire_encoding encoding, const uint8_t *payload, uint32_t count);

/* Value `position` of a payload without faults. */
float fp_wire_value(fp_wire_encoding encoding, const uint8_t *payload, uint32_t position);

/* All `count` values of a payload without faults. */
void fp_wire_read(fp_wire_encoding encoding, const uint8_t *payload, float *values, uint32_t count);

/* Write values; a number that cannot travel is marked so that fp_wire_check refuses the payload. */
void fp_wire_write(fp_wire_encoding encoding, const float *values, uint8_t *payload, uint32_t count);

#ifdef __cplusplus
}
#endif
#endif
