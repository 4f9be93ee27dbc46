#include "fp_softmax.h"

#include <stddef.h>

#include "fp_requant.h"
#include "fp_rows.h"

/* Qm: a 32-bit number with m integer bits, sign apart. The sum of exponentials is Q12. */
#define SUM_BITS 12

/* Multiply by 2^exponent, saturating; exponent 1 or 2. */
static int32_t shift_saturating(int32_t x, int32_t exponent) {
    const int32_t limit = INT32_MAX >> exponent;
    if (x > limit) {
        return INT32_MAX;
    }
    return x < -limit - 1 ? INT32_MIN : x * (1 << exponent);
}

/* 1 / (1 + x) in Q0 for x from 0 to 1 in Q0: three Newton steps, in Q2, from 48/17 - 32/17 * (1 + x) / 2. */
static int32_t one_over_one_plus(int32_t x) {
    const int32_t half_denominator = (int32_t)(((int64_t)x + INT32_MAX + 1) / 2);
    int32_t quotient = 1515870810 + fp_doubling_high_multiply(half_denominator, -1010580540);
    for (int i = 0; i < 3; i++) {
        const int32_t rest = ((int32_t)1 << 29) - fp_doubling_high_multiply(half_denominator, quotient);
        quotient += shift_saturating(fp_doubling_high_multiply(quotient, rest), 2);
    }
    return shift_saturating(quotient, 1);
}

/* Zero bits before the first one; x > 0. */
static int32_t leading_zeros(uint32_t x) {
    int32_t zeros = 0;
    while ((x & 0x80000000u) == 0) {
        x <<= 1;
        zeros++;
    }
    return zeros;
}

/* The exponential that a value contributes. */
static int32_t exponential_of(const fp_softmax *softmax, int32_t largest, int32_t value) {
    const int32_t distance = largest - value;
    return distance < softmax->count ? softmax->exponentials[distance] : 0;
}

/* All channels of one position; they lie `in_pitch` and `out_pitch` bytes apart. */
static void softmax_position(const fp_softmax *softmax, const int8_t *in, int8_t *out) {
    const size_t in_pitch = softmax->in.channel_pitch, out_pitch = softmax->out.channel_pitch;
    int32_t largest = INT8_MIN;
    int32_t sum = 0;
    for (uint32_t c = 0; c < softmax->in.channels; c++) {
        largest = in[c * in_pitch] > largest ? in[c * in_pitch] : largest;
    }
    for (uint32_t c = 0; c < softmax->in.channels; c++) {
        sum += fp_rounding_divide_by_power(exponential_of(softmax, largest, in[c * in_pitch]), SUM_BITS);
    }
    const int32_t zeros = leading_zeros((uint32_t)sum); /* the largest channel contributes 2^19 */
    const int32_t scale = one_over_one_plus((int32_t)(((uint32_t)sum << zeros) - 0x80000000u));
    const int32_t exponent = SUM_BITS - zeros + 31 - 8;
    for (uint32_t c = 0; c < softmax->in.channels; c++) {
        const int32_t part = fp_doubling_high_multiply(scale, exponential_of(softmax, largest, in[c * in_pitch]));
        const int32_t value = exponent > 31 ? 0 : fp_rounding_divide_by_power(part, exponent);
        out[c * out_pitch] = fp_clamp(value + INT8_MIN, INT8_MIN, INT8_MAX);
    }
}

static fp_status check_softmax(const fp_softmax *softmax) {
    const int good = fp_plane_check(&softmax->in) == FP_OK && fp_plane_check(&softmax->out) == FP_OK &&
                     fp_plane_same_shape(&softmax->in, &softmax->out) &&
                     softmax->in.channels <= FP_SOFTMAX_MAX_CHANNELS && softmax->exponentials != NULL &&
                     softmax->count >= 1 && softmax->count <= 256 && softmax->exponentials[0] == INT32_MAX;
    return good ? FP_OK : FP_ERR_ARGUMENT;
}

fp_status fp_softmax_run(const fp_softmax *softmax, const int8_t *in, int8_t *out) {
    if (softmax == NULL || in == NULL || out == NULL || check_softmax(softmax) != FP_OK) {
        return FP_ERR_ARGUMENT;
    }
    for (uint32_t y = 0; y < softmax->in.height; y++) {
        for (uint32_t x = 0; x < softmax->in.width; x++) {
            softmax_position(softmax, in + fp_row_offset(&softmax->in, 0, y) + x,
                             out + fp_row_offset(&softmax->out, 0, y) + x);
        }
    }
    fp_plane_fill_halo(&softmax->out, out);
    return FP_OK;
}
