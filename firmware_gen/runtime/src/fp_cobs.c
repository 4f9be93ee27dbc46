#include "fp_cobs.h"

#define LONGEST_BLOCK 0xFFu

fp_status fp_cobs_encode(const uint8_t *in, size_t length, uint8_t *out, size_t capacity, size_t *encoded) {
    /* `code_at` is where the open block's code byte goes, `to` where its next byte goes. In-place use is safe because
     * after i input bytes at most i + FP_COBS_OVERHEAD(i) output bytes are written. */
    size_t code_at = 0;
    size_t to = 1;
    if (capacity == 0) {
        return FP_ERR_CAPACITY;
    }
    for (size_t i = 0; i < length; i++) {
        uint8_t byte = in[i];
        if (to - code_at == LONGEST_BLOCK) {
            out[code_at] = LONGEST_BLOCK;
            code_at = to++;
        }
        if (code_at >= capacity || to > capacity || (byte != 0 && to == capacity)) {
            return FP_ERR_CAPACITY;
        }
        if (byte != 0) {
            out[to++] = byte;
        } else {
            out[code_at] = (uint8_t)(to - code_at);
            code_at = to++;
        }
    }
    if (code_at >= capacity) {
        return FP_ERR_CAPACITY;
    }
    out[code_at] = (uint8_t)(to - code_at);
    *encoded = to;
    return FP_OK;
}

void fp_cobs_decoder_reset(fp_cobs_decoder *decoder) {
    decoder->left = 0;
    decoder->zero_is_due = false;
    decoder->started = false;
}

bool fp_cobs_decoder_push(fp_cobs_decoder *decoder, uint8_t byte, uint8_t *decoded) {
    if (decoder->left > 0) {
        decoder->left--;
        *decoded = byte;
        return true;
    }
    bool zero_is_due = decoder->zero_is_due;
    decoder->left = (uint8_t)(byte - 1u);
    decoder->zero_is_due = byte != LONGEST_BLOCK;
    decoder->started = true;
    *decoded = 0;
    return zero_is_due;
}

bool fp_cobs_decoder_complete(const fp_cobs_decoder *decoder) {
    return decoder->started && decoder->left == 0;
}
