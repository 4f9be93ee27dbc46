#include "fp_wire.h"

#include <stddef.h>

#include "fp_bytes.h"
#include "fp_float.h"
#include "fp_half.h"

#define SCALE_BYTES 4u
#define LARGEST 127.0f
#define SMALLEST_SCALE 1.17549435e-38f /* 2^-126 */
#define QUIET_NAN 0x7FC00000u
/* Adding and taking away 1.5 * 2^23 rounds to a whole number, ties to even. */
#define ROUNDER 12582912.0f

uint32_t fp_wire_bytes(fp_wire_encoding encoding, uint32_t count) {
    switch (encoding) {
    case FP_WIRE_FLOAT32:
        return 4u * count;
    case FP_WIRE_FLOAT16:
        return 2u * count;
    case FP_WIRE_INT8:
        return count + SCALE_BYTES * ((count + FP_WIRE_BLOCK - 1u) / FP_WIRE_BLOCK);
    default:
        return 0;
    }
}

static const uint8_t *block_of(const uint8_t *payload, uint32_t position) {
    return payload + position / FP_WIRE_BLOCK * (SCALE_BYTES + FP_WIRE_BLOCK);
}

static float signed_byte(uint8_t byte) {
    return (float)(byte < 128u ? (int32_t)byte : (int32_t)byte - 256);
}

float fp_wire_value(fp_wire_encoding encoding, const uint8_t *payload, uint32_t position) {
    if (encoding == FP_WIRE_FLOAT16) {
        return fp_half_read(load16_le(payload + 2u * position));
    }
    if (encoding == FP_WIRE_INT8) {
        const uint8_t *block = block_of(payload, position);
        return fp_float_of(load32_le(block)) * signed_byte(block[SCALE_BYTES + position % FP_WIRE_BLOCK]);
    }
    return fp_float_of(load32_le(payload + 4u * position));
}

static fp_status check_scales(const uint8_t *payload, uint32_t count) {
    for (uint32_t at = 0; at < count; at += FP_WIRE_BLOCK) {
        const uint32_t bits = load32_le(block_of(payload, at));
        if ((bits & 0x7F800000u) == 0x7F800000u) {
            return FP_ERR_NUMBER;
        }
        if (bits != 0 && (bits < 0x00800000u || bits > 0x7F7FFFFFu)) {
            return FP_ERR_ENCODING;
        }
    }
    return FP_OK;
}

fp_status fp_wire_check(fp_wire_encoding encoding, const uint8_t *payload, uint32_t count) {
    if (payload == NULL || (encoding != FP_WIRE_FLOAT32 && encoding != FP_WIRE_FLOAT16 && encoding != FP_WIRE_INT8)) {
        return FP_ERR_ARGUMENT;
    }
    const fp_status scales = encoding == FP_WIRE_INT8 ? check_scales(payload, count) : FP_OK;
    if (scales != FP_OK) {
        return scales;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (encoding == FP_WIRE_INT8 && block_of(payload, i)[SCALE_BYTES + i % FP_WIRE_BLOCK] == 0x80u) {
            return FP_ERR_ENCODING;
        }
        if (!fp_is_finite(fp_wire_value(encoding, payload, i))) {
            return FP_ERR_NUMBER;
        }
    }
    return FP_OK;
}

void fp_wire_read(fp_wire_encoding encoding, const uint8_t *payload, float *values, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        values[i] = fp_wire_value(encoding, payload, i);
    }
}

/* The scale of a block, or NaN if a value is not finite. */
static float scale_of(const float *values, uint32_t count) {
    float largest = 0.0f;
    for (uint32_t i = 0; i < count; i++) {
        if (!fp_is_finite(values[i])) {
            return fp_float_of(QUIET_NAN);
        }
        const float size = values[i] < 0.0f ? -values[i] : values[i];
        largest = size > largest ? size : largest;
    }
    const float scale = largest / LARGEST;
    return scale < SMALLEST_SCALE ? 0.0f : scale;
}

static uint8_t rounded_byte(float quotient) {
    const float whole = (quotient + ROUNDER) - ROUNDER;
    const float kept = whole > LARGEST ? LARGEST : whole < -LARGEST ? -LARGEST : whole;
    return (uint8_t)((int32_t)kept & 0xFF);
}

static void write_block(const float *values, uint8_t *block, uint32_t count) {
    const float scale = scale_of(values, count);
    store32_le(block, fp_float_bits(scale));
    for (uint32_t i = 0; i < count; i++) {
        block[SCALE_BYTES + i] = scale > 0.0f ? rounded_byte(values[i] / scale) : 0u;
    }
}

void fp_wire_write(fp_wire_encoding encoding, const float *values, uint8_t *payload, uint32_t count) {
    if (encoding == FP_WIRE_INT8) {
        for (uint32_t at = 0; at < count; at += FP_WIRE_BLOCK) {
            const uint32_t left = count - at;
            write_block(values + at, payload, left < FP_WIRE_BLOCK ? left : FP_WIRE_BLOCK);
            payload += SCALE_BYTES + FP_WIRE_BLOCK;
        }
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (encoding == FP_WIRE_FLOAT16) {
            store16_le(payload + 2u * i, fp_half_write(values[i]));
        } else {
            store32_le(payload + 4u * i, fp_float_bits(values[i]));
        }
    }
}
