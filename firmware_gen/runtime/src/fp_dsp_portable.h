/* The DSP kernel's steps in portable C; one function per instruction, named after it. Included by fp_dsp.h only. */
#ifndef FP_DSP_PORTABLE_H
#define FP_DSP_PORTABLE_H

#include <string.h>

/* Four bytes from any address, the first one lowest whatever the host's byte order. */
static inline uint32_t fp_ldr(const int8_t *bytes) {
    uint8_t b[4];
    memcpy(b, bytes, sizeof b);
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static inline int32_t fp_low_half(uint32_t word) {
    return (int16_t)(uint16_t)(word & 0xFFFFu);
}

/* Bytes 0 and 2, sign-extended to the two halves. */
static inline uint32_t fp_sxtb16(uint32_t word) {
    const uint32_t low = (uint32_t)(int32_t)(int8_t)(uint8_t)(word & 0xFFu);
    const uint32_t high = (uint32_t)(int32_t)(int8_t)(uint8_t)((word >> 16) & 0xFFu);
    return (low & 0xFFFFu) | (high << 16);
}

/* Bytes 1 and 3. */
static inline uint32_t fp_sxtb16_ror8(uint32_t word) {
    return fp_sxtb16((word >> 8) | (word << 24));
}

/* sum + low half of a * low half of b. */
static inline int32_t fp_smlabb(uint32_t a, int32_t b, int32_t sum) {
    return (int32_t)((uint32_t)sum + (uint32_t)(fp_low_half(a) * fp_low_half((uint32_t)b)));
}

/* sum + high half of a * low half of b. */
static inline int32_t fp_smlatb(uint32_t a, int32_t b, int32_t sum) {
    return fp_smlabb(a >> 16, b, sum);
}

/* sum + ((a * b + 2^31) >> 32). */
static inline int32_t fp_smmlar(int32_t a, int32_t b, int32_t sum) {
    const int64_t product = ((int64_t)a * b + ((int64_t)1 << 31)) >> 32;
    return (int32_t)((uint32_t)sum + (uint32_t)(int32_t)product);
}

static inline int32_t fp_ssat8(int32_t x) {
    return x < INT8_MIN ? INT8_MIN : x > INT8_MAX ? INT8_MAX : x;
}

static inline fp_lanes fp_lanes_of(int32_t value) {
    fp_lanes lanes;
    for (int i = 0; i < FP_LANES; i++) {
        lanes.twice[i] = value;
    }
    return lanes;
}

static inline fp_lanes fp_lanes_stride1(const fp_tap *taps, const int8_t *window, int32_t twice_bias) {
    fp_lanes lanes = fp_lanes_of(twice_bias);
    for (fp_tap tap = *taps; tap != FP_TAP_END; tap = *++taps) {
        const int8_t *at = window + FP_TAP_OFFSET(tap);
        const int32_t weight = FP_TAP_TWICE_WEIGHT(tap);
        for (int i = 0; i < FP_LANES; i += 4) {
            const uint32_t word = fp_ldr(at + i);
            int32_t *sum = &lanes.twice[i];
            sum[0] = fp_smlabb(fp_sxtb16(word), weight, sum[0]);
            sum[2] = fp_smlatb(fp_sxtb16(word), weight, sum[2]);
            sum[1] = fp_smlabb(fp_sxtb16_ror8(word), weight, sum[1]);
            sum[3] = fp_smlatb(fp_sxtb16_ror8(word), weight, sum[3]);
        }
    }
    return lanes;
}

static inline fp_lanes fp_lanes_stride2(const fp_tap *taps, const int8_t *window, int32_t twice_bias) {
    fp_lanes lanes = fp_lanes_of(twice_bias);
    for (fp_tap tap = *taps; tap != FP_TAP_END; tap = *++taps) {
        const int8_t *at = window + FP_TAP_OFFSET(tap);
        const int32_t weight = FP_TAP_TWICE_WEIGHT(tap);
        for (int i = 0; i < FP_LANES; i += 2) {
            const uint32_t halves = fp_sxtb16(fp_ldr(at + 2 * i));
            int32_t *sum = &lanes.twice[i];
            sum[0] = fp_smlabb(halves, weight, sum[0]);
            sum[1] = fp_smlatb(halves, weight, sum[1]);
        }
    }
    return lanes;
}

static inline int8_t fp_lane_requantize(const fp_requant_short *requant, int32_t twice) {
    const int32_t rounded = fp_smmlar(twice, requant->multiplier, requant->addend);
    return (int8_t)fp_ssat8((rounded + (twice >> 31)) >> requant->exponent);
}

#endif
