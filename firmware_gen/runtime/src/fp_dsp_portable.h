/* The loops over a list of taps in portable C. Included by fp_dsp.h only. */
#ifndef FP_DSP_PORTABLE_H
#define FP_DSP_PORTABLE_H

/* Unsigned, so that a sum that overflows wraps. */
static inline int32_t fp_lane_multiply(int32_t weight, int32_t value, int32_t sum) {
    return (int32_t)((uint32_t)sum + (uint32_t)(weight * value));
}

/* Written out, so that the sums stay in registers where there are enough. */
static inline void fp_lanes_add(fp_lanes *lanes, const int8_t *at, uint32_t stride, int32_t weight) {
    lanes->twice[0] = fp_lane_multiply(weight, at[0], lanes->twice[0]);
    lanes->twice[1] = fp_lane_multiply(weight, at[stride], lanes->twice[1]);
    lanes->twice[2] = fp_lane_multiply(weight, at[2u * stride], lanes->twice[2]);
    lanes->twice[3] = fp_lane_multiply(weight, at[3u * stride], lanes->twice[3]);
    lanes->twice[4] = fp_lane_multiply(weight, at[4u * stride], lanes->twice[4]);
    lanes->twice[5] = fp_lane_multiply(weight, at[5u * stride], lanes->twice[5]);
    lanes->twice[6] = fp_lane_multiply(weight, at[6u * stride], lanes->twice[6]);
    lanes->twice[7] = fp_lane_multiply(weight, at[7u * stride], lanes->twice[7]);
}

static inline fp_lanes fp_lanes_of(int32_t start) {
    const fp_lanes lanes = {{start, start, start, start, start, start, start, start}};
    return lanes;
}

static inline fp_lanes fp_lanes_stride1(const fp_tap *taps, const int8_t *window, int32_t twice_bias) {
    fp_lanes lanes = fp_lanes_of(twice_bias);
    for (fp_tap tap = *taps; tap != FP_TAP_END; tap = *++taps) {
        fp_lanes_add(&lanes, window + FP_TAP_OFFSET(tap), 1u, FP_TAP_TWICE_WEIGHT(tap));
    }
    return lanes;
}

static inline fp_lanes fp_lanes_stride2(const fp_tap *taps, const int8_t *window, int32_t twice_bias) {
    fp_lanes lanes = fp_lanes_of(twice_bias);
    for (fp_tap tap = *taps; tap != FP_TAP_END; tap = *++taps) {
        fp_lanes_add(&lanes, window + FP_TAP_OFFSET(tap), 2u, FP_TAP_TWICE_WEIGHT(tap));
    }
    return lanes;
}

static inline int8_t fp_lane_requantize(const fp_requant_short *requant, int32_t twice) {
    return fp_clamp(fp_requant_short_apply(requant, twice), INT8_MIN, INT8_MAX);
}

#endif
