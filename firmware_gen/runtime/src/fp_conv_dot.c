/* Layers with one output position whose weights lie in memory order of the input, as those of most fully connected
 * layers do: each output channel is a dot product, read straight from the weight stream without a list of taps. */
#include "fp_conv_kernel.h"
#include "fp_gap8.h"

/* Adds the next row's products with `weights` (not 0) bytes of input to *sum, which wraps. */
typedef fp_status add_row(fp_weight_stream *stream, const int8_t *in, uint32_t weights, uint32_t max_kept,
                          uint32_t *sum);

/* One pitch each, unless there is nothing to step to, from a kernel column, row and channel to the next. */
int fp_conv_is_dot(const fp_conv *conv) {
    const uint32_t area = (uint32_t)conv->kernel_height * conv->kernel_width;
    const int columns = conv->kernel_width == 1 || conv->dilation_width == 1;
    const int rows =
        conv->kernel_height == 1 || (uint32_t)conv->dilation_height * conv->in.row_pitch == conv->kernel_width;
    const int channels = conv->in.channels == 1 || conv->in.channel_pitch == area;
    return conv->out.height == 1 && conv->out.width == 1 && conv->groups == 1 && columns && rows && channels;
}

static fp_status add_gap8(fp_weight_stream *stream, const int8_t *in, uint32_t weights, uint32_t max_kept,
                          uint32_t *sum) {
    fp_gap8_row row;
    fp_status status = fp_gap8_open(stream, max_kept, &row);
    if (status != FP_OK) {
        return status;
    }
    uint32_t total = *sum;
    for (;;) {
        total = fp_gap8_dot_pairs(&row, in, weights, total);
        if (row.index > weights) {
            return FP_ERR_ENCODING;
        }
        if (row.next == row.row_end) {
            break;
        }
        uint8_t weight;
        status = fp_gap8_step(&row, weights, &weight);
        if (status != FP_OK) {
            return status;
        }
        total += (uint32_t)((int8_t)weight * in[row.index - 1u]);
    }
    *sum = total;
    stream->next = row.next;
    return FP_OK;
}

fp_status fp_conv_run_dot(const fp_conv *conv, const int8_t *window, int8_t *out) {
    static add_row *const rows[] = {0, add_gap8}; /* in the order of enum fp_encoding */
    if (conv->encoding == FP_ENCODING_DENSE) {
        return fp_conv_run_dense_dot(conv, window, out);
    }
    if (conv->encoding >= sizeof rows / sizeof rows[0]) {
        return FP_ERR_ENCODING;
    }
    add_row *const add = rows[conv->encoding];
    const uint32_t weights = (uint32_t)conv->in.channels * conv->kernel_height * conv->kernel_width;
    fp_weight_stream stream = {conv->weights, conv->weights + conv->weight_bytes};
    for (uint32_t c = 0; c < conv->out.channels; c++) {
        const fp_conv_channel channel = fp_conv_channel_of(conv, c, NULL);
        uint32_t sum = (uint32_t)channel.bias;
        if (add(&stream, window, weights, conv->max_taps, &sum) != FP_OK) {
            return FP_ERR_ENCODING;
        }
        *out = fp_conv_finish(conv, &channel, (int32_t)sum);
        out += conv->out.channel_pitch;
    }
    return stream.next == stream.end ? FP_OK : FP_ERR_ENCODING;
}
