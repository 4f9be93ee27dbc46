/* The loops over a list of taps in portable C. Included by fp_dsp.h only. */
#ifndef FP_DSP_PORTABLE_H
#define FP_DSP_PORTABLE_H

/* Unsigned, so that a sum that overflows wraps. */
static inline int32_t fp_lane_multiply(int32_t weight, int32_t value, int32_t sum) {
    return (int32_t)((uint32_t)sum + (uint32_t)(weight * value));
}

/* Four inputs `stride` bytes apart, and four more from `second` on. Written out, so that the sums stay in registers
 * where there are enough. */
static inline void fp_lanes_add(fp_lanes *lanes, const int8_t *at, const int8_t *second, uint32_t stride,
                                int32_t weight) {
    lanes->twice[0] = fp_lane_multiply(weight, at[0], lanes->twice[0]);
    lanes->twice[1] = fp_lane_multiply(weight, at[stride], lanes->twice[1]);
    lanes->twice[2] = fp_lane_multiply(weight, at[2u * stride], lanes->twice[2]);
    lanes->twice[3] = fp_lane_multiply(weight, at[3u * stride], lanes->twice[3]);
    lanes->twice[4] = fp_lane_multiply(weight, second[0], lanes->twice[4]);
    lanes->twice[5] = fp_lane_multiply(weight, second[stride], lanes->twice[5]);
    lanes->twice[6] = fp_lane_multiply(weight, second[2u * stride], lanes->twice[6]);
    lanes->twice[7] = fp_lane_multiply(weight, second[3u * stride], lanes->twice[7]);
}

static inline fp_lanes fp_lanes_of(int32_t start) {
    const fp_lanes lanes = {{start, start, start, start, start, start, start, start}};
    return lanes;
}

static inline fp_lanes fp_lanes_sum(const fp_tap *taps, const int8_t *window, int32_t twice_bias, uint32_t second,
                                    uint32_t stride) {
    fp_lanes lanes = fp_lanes_of(twice_bias);
    for (fp_tap tap = *taps; tap != FP_TAP_END; tap = *++taps) {
        const int8_t *const at = window + FP_TAP_OFFSET(tap);
        fp_lanes_add(&lanes, at, at + second, stride, FP_TAP_TWICE_WEIGHT(tap));
    }
    return lanes;
}

static inline fp_lanes fp_lanes_stride1(const fp_tap *taps, const int8_t *window, int32_t twice_bias) {
    return fp_lanes_sum(taps, window, twice_bias, 4u, 1u);
}

static inline fp_lanes fp_lanes_stride2(const fp_tap *taps, const int8_t *window, int32_t twice_bias) {
    return fp_lanes_sum(taps, window, twice_bias, 8u, 2u);
}

static inline fp_lanes fp_lanes_rows5(const fp_tap *taps, const int8_t *window, int32_t twice_bias) {
    return fp_lanes_sum(taps, window, twice_bias, 5u, 1u);
}

static inline fp_lanes fp_lanes_rows18_stride2(const fp_tap *taps, const int8_t *window, int32_t twice_bias) {
    return fp_lanes_sum(taps, window, twice_bias, 18u, 2u);
}

static inline fp_lanes fp_lanes_square3(const fp_tap *taps, const int8_t *window, int32_t twice_bias) {
    fp_lanes lanes = fp_lanes_of(twice_bias);
    for (fp_tap tap = *taps; tap != FP_TAP_END; tap = *++taps) {
        const int8_t *const at = window + FP_TAP_OFFSET(tap);
        const int32_t weight = FP_TAP_TWICE_WEIGHT(tap);
        lanes.twice[0] = fp_lane_multiply(weight, at[0], lanes.twice[0]);
        lanes.twice[1] = fp_lane_multiply(weight, at[1], lanes.twice[1]);
        lanes.twice[2] = fp_lane_multiply(weight, at[3], lanes.twice[2]);
        lanes.twice[3] = fp_lane_multiply(weight, at[4], lanes.twice[3]);
    }
    return lanes;
}

static inline int8_t fp_lane_requantize(const fp_requant_short *requant, int32_t twice) {
    return fp_clamp(fp_requant_short_apply(requant, twice), INT8_MIN, INT8_MAX);
}

#endif
