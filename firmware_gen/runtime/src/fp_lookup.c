#include "fp_lookup.h"

#include <stddef.h>

#include "fp_rows.h"

static void lookup_row(const int8_t *table, const int8_t *in, int8_t *out, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        out[i] = table[(uint8_t)in[i]];
    }
}

fp_status fp_lookup_run(const fp_lookup *lookup, const int8_t *in, int8_t *out) {
    if (lookup == NULL || lookup->table == NULL || in == NULL || out == NULL || fp_plane_check(&lookup->in) != FP_OK ||
        fp_plane_check(&lookup->out) != FP_OK || !fp_plane_same_shape(&lookup->in, &lookup->out)) {
        return FP_ERR_ARGUMENT;
    }
    const fp_rows rows = fp_rows_of(&lookup->out, fp_plane_is_dense(&lookup->in) && fp_plane_is_dense(&lookup->out));
    for (uint32_t c = 0; c < rows.channels; c++) {
        for (uint32_t y = 0; y < rows.rows; y++) {
            lookup_row(lookup->table, in + fp_row_offset(&lookup->in, c, y), out + fp_row_offset(&lookup->out, c, y),
                       rows.length);
        }
    }
    fp_plane_fill_halo(&lookup->out, out);
    return FP_OK;
}
