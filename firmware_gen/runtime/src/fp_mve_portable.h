/* The vector kernels' loops in portable C. Included by fp_mve.h only. */
#ifndef FP_MVE_PORTABLE_H
#define FP_MVE_PORTABLE_H

static inline void fp_mve_walk(const fp_mve_filter *filter, const int8_t *window, int8_t *out, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        uint32_t sum = (uint32_t)filter->bias;
        const fp_tap *list = filter->taps;
        for (fp_tap tap = *list; tap != FP_TAP_END; tap = *++list) {
            sum += (uint32_t)(FP_TAP_WEIGHT(tap) * window[FP_TAP_OFFSET(tap)]);
        }
        out[i] = fp_clamp(fp_requant_short_apply(&filter->requant, 2 * (int32_t)sum), INT8_MIN, INT8_MAX);
        window += filter->stride;
    }
}

#endif
