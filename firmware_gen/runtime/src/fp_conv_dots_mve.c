/* Layers with few positions and many kept weights: each output channel's weights become blocks of eight, and four
 * positions' inputs are gathered for a block at a time. Larger planes go by fp_conv_mve.c, whose loads are contiguous.
 */
#include <stddef.h>

#include "fp_conv_kernel.h"
#include "fp_mve_dots.h"
#include "fp_mve_gaps.h"

/* With more positions, or with fewer kept weights for a channel and windows side by side, walking a list takes fewer
 * instructions, or not many more. */
#define MOST_POSITIONS 64u
#define FEWEST_TAPS 12u
/* What 16-bit offsets, and shares of 2^16, are exact for. */
#define HALVES ((uint32_t)1 << 16)

/* What all output channels have in common. */
typedef struct dots_layer {
    const fp_conv *conv;
    fp_tap_geometry geometry;
    fp_mve_places places;
    int by_gaps;    /* fp_mve_gaps_plain may expand rows */
    uint32_t rows;  /* of a channel; where they are of two outputs, pairs of them */
    uint32_t width; /* outputs a row, a multiple of four */
    uint32_t step;  /* bytes from a window to the fourth neighbour's */
    uint32_t down;  /* bytes from a row's first window to the next row's */
    uint32_t pitch; /* bytes from a row's first output to the next row's */
} dots_layer;

int fp_conv_is_dots(const fp_conv *conv) {
    const uint32_t width = conv->out.width, positions = (uint32_t)conv->out.height * width;
    const int fours = width % 4u == 0 || (width == 2u && conv->out.height % 2u == 0);
    return fours && positions <= MOST_POSITIONS && (conv->stride_width > 1 || conv->max_taps >= FEWEST_TAPS) &&
           conv->groups == 1 && conv->in.bytes <= HALVES && conv->activation_min == INT8_MIN &&
           conv->activation_max == INT8_MAX && fp_conv_quad_fits(conv);
}

static uint32_t share_of(uint32_t divisor) {
    return divisor == 1 ? 0 : HALVES / divisor + 1u;
}

/* A kernel of one column counts rows, one of one row counts channels, by the index itself. */
static fp_mve_places places_of(const fp_conv *conv) {
    const uint32_t height = conv->kernel_height, width = conv->kernel_width, area = height * width;
    const uint32_t down = (uint32_t)conv->dilation_height * conv->in.row_pitch, along = conv->dilation_width;
    fp_mve_places places;
    places.row_share = height == 1 ? 0 : share_of(width);
    places.channel_share = share_of(area);
    places.step = area == 1 ? conv->in.channel_pitch : width == 1 ? down : along;
    places.row = down - width * along;
    places.channel = conv->in.channel_pitch - height * down + (height == 1 ? down - width * along : 0);
    return places;
}

static dots_layer layer_of(const fp_conv *conv, const fp_tap *position) {
    const uint32_t area = fp_conv_kernel_area(conv), weights = conv->in.channels * area;
    const uint32_t pair = conv->out.width == 2u ? 2u : 1u;
    const dots_layer layer = {
        .conv = conv,
        .geometry = {position, area, conv->in.channel_pitch, weights},
        .places = places_of(conv),
        .by_gaps = conv->encoding == FP_ENCODING_GAP8 && (uint64_t)weights * area <= HALVES,
        .rows = conv->out.height / pair,
        .width = conv->out.width * pair,
        .step = 4u * conv->stride_width,
        .down = pair * conv->stride_height * conv->in.row_pitch,
        .pitch = pair * conv->out.row_pitch,
    };
    return layer;
}

/* Up to eight weights, one by one: there is an escape among them. */
static fp_status expand_block(const dots_layer *layer, fp_gap8_row *row, uint16_t *block) {
    memset(block, 0, 2u * FP_MVE_DOTS * sizeof *block);
    for (uint32_t i = 0; i < FP_MVE_DOTS && row->next != row->row_end; i++) {
        uint8_t weight;
        const fp_status status = fp_gap8_step(row, layer->geometry.weights_per_channel, &weight);
        if (status != FP_OK) {
            return status;
        }
        block[i] = fp_mve_place_of(&layer->places, row->index - 1u);
        block[FP_MVE_DOTS + i] = (uint16_t)(int8_t)weight;
    }
    return FP_OK;
}

/* The next channel's row; *count is the number of its blocks. */
static fp_status expand_gaps(const dots_layer *layer, fp_weight_stream *stream, uint16_t *blocks, uint32_t *count) {
    uint16_t *block = blocks;
    fp_gap8_row row;
    fp_status status = fp_gap8_open(stream, layer->conv->max_taps, &row);
    while (status == FP_OK && row.next != row.row_end) {
        block = fp_mve_gaps_plain(&row, &layer->places, block);
        if (row.next != row.row_end) {
            status = expand_block(layer, &row, block);
            block += 2u * FP_MVE_DOTS;
        }
    }
    if (status != FP_OK || row.index > layer->geometry.weights_per_channel) {
        return FP_ERR_ENCODING;
    }
    stream->next = row.next;
    *count = (uint32_t)(block - blocks) / (2u * FP_MVE_DOTS);
    return FP_OK;
}

static fp_status expand_row(const dots_layer *layer, fp_weight_reader *reader, fp_tap *taps, uint32_t *count) {
    if (layer->by_gaps) {
        return expand_gaps(layer, &reader->at.stream, (uint16_t *)(void *)taps, count);
    }
    fp_tap *end = taps;
    if (fp_taps_expand_to(reader, &layer->geometry, &end, layer->conv->max_taps) != FP_OK) {
        return FP_ERR_ENCODING;
    }
    *count = ((uint32_t)(end - taps) + FP_MVE_DOTS - 1u) / FP_MVE_DOTS;
    if (*count != 0) {
        fp_mve_dots_of_taps(taps, (uint32_t)(end - taps));
    }
    return FP_OK;
}

/* All positions of a channel: rows in fours, or two rows of two at a time. */
static void run_positions(const dots_layer *layer, const fp_mve_dots *dots, const int8_t *window, int8_t *out) {
    const uint32_t width = layer->width, step = layer->step, down = layer->down, pitch = layer->pitch;
    for (uint32_t rows = layer->rows; rows != 0; rows--) {
        const int8_t *at = window;
        int8_t *const end = out + width;
        for (int8_t *to = out; to != end; to += 4) {
            fp_mve_dots_run(dots, at, to);
            at += step;
        }
        window += down;
        out += pitch;
    }
}

static fp_mve_dots dots_of(const fp_conv *conv, const fp_tap *taps) {
    const int pairs = conv->out.width == 2u;
    const uint32_t second = pairs ? conv->out.row_pitch : 2u;
    fp_mve_dots dots = {.blocks = (const uint16_t *)(const void *)taps, .stride = conv->stride_width};
    dots.second = pairs ? (uint32_t)conv->stride_height * conv->in.row_pitch : 2u * conv->stride_width;
    dots.places[1] = 1u;
    dots.places[2] = second;
    dots.places[3] = second + 1u;
    return dots;
}

fp_status fp_conv_run_dots(const fp_conv *conv, const int8_t *window, int8_t *out, uint32_t *scratch,
                           fp_conv_channel_done *done, const void *context) {
    fp_tap *const position = scratch + fp_reader_table_bytes(conv->encoding) / sizeof(uint32_t);
    fp_tap *const taps = position + fp_conv_kernel_area(conv);
    const dots_layer layer = layer_of(conv, position);
    fp_mve_dots dots = dots_of(conv, taps);
    fp_weight_reader reader;
    if (fp_reader_open(&reader, conv->encoding, conv->weights, conv->weight_bytes, scratch) != FP_OK) {
        return FP_ERR_ENCODING;
    }
    fp_conv_fill_positions(conv, position);
    for (uint32_t c = 0; c < conv->out.channels; c++) {
        const fp_conv_channel channel = fp_conv_channel_of(conv, c, taps);
        dots.bias = channel.bias;
        dots.requant = fp_requant_short_make(channel.multiplier, channel.shift, conv->out.zero_point);
        if (expand_row(&layer, &reader, taps, &dots.count) != FP_OK) {
            return FP_ERR_ENCODING;
        }
        if (dots.count == 0) {
            fp_conv_fill_channel(conv, &channel, out);
        } else {
            run_positions(&layer, &dots, window, out);
        }
        if (done != NULL) {
            done(context, c, out);
        } else {
            out += conv->out.channel_pitch;
        }
    }
    return fp_reader_close(&reader);
}
