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

static inline void fp_mve_copy_columns(const fp_places *at, const uint16_t *offsets, uint32_t count, int8_t *columns,
                                       uint32_t from) {
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t p = 0; p < FP_PLACES; p++) {
            columns[FP_MVE_COLUMN(from + i) + 16u * p] = at->window[p][offsets[i]];
        }
    }
}

static inline void fp_mve_tile_row(const fp_mve_tile *tile, const uint8_t *row, const fp_places *at, int8_t *out) {
    for (uint32_t p = 0; p < FP_PLACES; p++) {
        uint32_t sum = (uint32_t)tile->bias;
        for (uint32_t i = 0; i < tile->taps; i++) {
            sum += (uint32_t)((int8_t)row[i] * tile->columns[FP_MVE_COLUMN(i) + 16u * p]);
        }
        const int32_t scaled = fp_requant_short_apply(&tile->requant, 2 * (int32_t)sum);
        out[at->out[p]] = fp_clamp(scaled, INT8_MIN, INT8_MAX);
    }
}

static inline void fp_mve_add_rows(const uint8_t *row, uint32_t length, const int8_t *in, int32_t *sums) {
    for (uint32_t r = 0; r < 4u; r++) {
        uint32_t sum = (uint32_t)sums[r];
        for (uint32_t i = 0; i < length; i++) {
            sum += (uint32_t)((int8_t)*row++ * in[i]);
        }
        sums[r] = (int32_t)sum;
    }
}

#endif
