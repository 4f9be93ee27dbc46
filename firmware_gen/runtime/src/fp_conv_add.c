#include "fp_conv_add.h"

#include <stddef.h>

#include "fp_add_kernel.h"
#include "fp_conv_kernel.h"
#include "fp_rows.h"

/* What adding a channel needs to know. */
typedef struct conv_sum {
    const fp_conv_add *layer;
    const fp_add_plan *plan;
    const fp_plane *plane; /* of `other` */
    const int8_t *other;
    int8_t *out;
} conv_sum;

/* From the first element of a channel to behind its last one. */
static uint32_t channel_extent(const fp_plane *plane) {
    return (uint32_t)(plane->height - 1u) * plane->row_pitch + plane->width;
}

/* One run where rows lie equally far apart: what is added in the halo between them is filled afterwards. */
static void add_channel(const void *context, uint32_t channel, int8_t *computed) {
    const conv_sum *const sum = context;
    const fp_add *const add = &sum->layer->add;
    const uint32_t pitch = sum->layer->conv.out.row_pitch;
    const int one_run = pitch == sum->plane->row_pitch && pitch == add->out.row_pitch;
    const uint32_t rows = one_run ? 1u : add->out.height;
    const uint32_t length = one_run ? channel_extent(&add->out) : add->out.width;
    for (uint32_t y = 0; y < rows; y++) {
        const int8_t *const other = sum->other + fp_row_offset(sum->plane, channel, y);
        const int8_t *const row = computed + y * pitch;
        int8_t *const out = sum->out + fp_row_offset(&add->out, channel, y);
        const int first = sum->layer->conv_is_first;
        fp_add_row(add, sum->plan, first ? row : other, first ? other : row, out, length);
    }
}

uint32_t fp_conv_add_scratch_bytes(const fp_conv_add *layer) {
    return fp_conv_list_scratch_bytes(&layer->conv) + channel_extent(&layer->conv.out);
}

fp_status fp_conv_add_run(const fp_conv_add *layer, const int8_t *in, const int8_t *other, int8_t *out, void *scratch) {
    if (layer == NULL || in == NULL || other == NULL || out == NULL || scratch == NULL ||
        ((uintptr_t)scratch & 3u) != 0 || fp_conv_check(&layer->conv) != FP_OK || fp_add_check(&layer->add) != FP_OK ||
        !fp_plane_same_shape(&layer->conv.out, &layer->add.out)) {
        return FP_ERR_ARGUMENT;
    }
    fp_add_plan plan;
    fp_add_prepare(&layer->add, &plan);
    const fp_plane *const plane = layer->conv_is_first ? &layer->add.second : &layer->add.first;
    const conv_sum sum = {layer, &plan, plane, other, out};
    int8_t *const computed = (int8_t *)scratch + fp_conv_list_scratch_bytes(&layer->conv);
    const int8_t *const window = fp_conv_first_window(&layer->conv, in);
    const fp_status status = fp_conv_run_list(&layer->conv, window, computed, scratch, add_channel, &sum);
    if (status == FP_OK) {
        fp_plane_fill_halo(&layer->add.out, out);
    }
    return status;
}
