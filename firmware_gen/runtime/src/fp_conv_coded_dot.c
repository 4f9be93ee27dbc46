/* Layers with one output position over contiguous input, as fp_conv_dot.c has them, for encodings whose rows follow
 * each other without a seam. */
#include "fp_conv_kernel.h"
#include "fp_entropy.h"
#include "fp_gap4.h"

/* Adds the next row's products with `weights` bytes of input. */
static fp_status add_row(fp_weight_reader *reader, uint32_t weights, uint32_t max_kept, fp_sink *sink) {
#if FP_WITH_GAP4
    if (reader->encoding == FP_ENCODING_GAP4) {
        return fp_gap4_row(&reader->at.gap4, weights, max_kept, sink);
    }
#endif
#if FP_WITH_ENTROPY
    if (reader->encoding == FP_ENCODING_ENTROPY) {
        return fp_entropy_row(&reader->at.entropy, weights, max_kept, sink);
    }
#endif
    (void)reader, (void)weights, (void)max_kept, (void)sink;
    return FP_ERR_ENCODING;
}

fp_status fp_conv_run_coded_dot(const fp_conv *conv, const int8_t *window, int8_t *out, void *scratch) {
    const uint32_t weights = (uint32_t)conv->in.channels * conv->kernel_height * conv->kernel_width;
    fp_weight_reader reader;
    if (fp_reader_open(&reader, conv->encoding, conv->weights, conv->weight_bytes, scratch) != FP_OK) {
        return FP_ERR_ENCODING;
    }
    for (uint32_t c = 0; c < conv->out.channels; c++) {
        const fp_conv_channel channel = fp_conv_channel_of(conv, c, NULL);
        fp_sink sink = {.in = window, .sum = (uint32_t)channel.bias};
        if (add_row(&reader, weights, conv->max_taps, &sink) != FP_OK) {
            return FP_ERR_ENCODING;
        }
        *out = fp_conv_finish(conv, &channel, (int32_t)sink.sum);
        out += conv->out.channel_pitch;
    }
    return fp_reader_close(&reader);
}
