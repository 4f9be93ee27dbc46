/* Ways into the runtime's inline functions for the tests. */
#include "fp_dsp.h"
#include "fp_requant.h"

void probe_requantize(const int32_t *x, uint32_t count, int32_t multiplier, int32_t shift, int32_t *y);
void probe_lanes(const int32_t *x, uint32_t count, int32_t multiplier, int32_t shift, int32_t zero_point, int8_t *y);
int32_t probe_fits(uint32_t magnitude, int32_t multiplier, int32_t shift);
int32_t probe_multiply(int32_t a, int32_t b);

void probe_requantize(const int32_t *x, uint32_t count, int32_t multiplier, int32_t shift, int32_t *y) {
    for (uint32_t i = 0; i < count; i++) {
        y[i] = fp_requantize(x[i], multiplier, shift);
    }
}

int32_t probe_fits(uint32_t magnitude, int32_t multiplier, int32_t shift) {
    return fp_requant_short_fits(magnitude, multiplier, shift);
}

int32_t probe_multiply(int32_t a, int32_t b) {
    return fp_doubling_high_multiply(a, b);
}

void probe_lanes(const int32_t *x, uint32_t count, int32_t multiplier, int32_t shift, int32_t zero_point, int8_t *y) {
    const fp_requant_short requant = fp_requant_short_make(multiplier, shift, (int8_t)zero_point);
    for (uint32_t i = 0; i < count; i++) {
        y[i] = fp_lane_requantize(&requant, 2 * x[i]);
    }
}
