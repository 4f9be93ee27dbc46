#include "fp_cross_entropy.h"

#include <stddef.h>

#include "fp_float.h"

float fp_cross_entropy(const float *logits, uint32_t label, uint32_t classes, float share, float *gradient) {
    float largest = logits[0];
    for (uint32_t c = 1; c < classes; c++) {
        largest = logits[c] > largest ? logits[c] : largest;
    }
    float sum = 0.0f;
    for (uint32_t c = 0; c < classes; c++) {
        sum += fp_exp(logits[c] - largest);
    }
    if (gradient != NULL) {
        for (uint32_t c = 0; c < classes; c++) {
            const float probability = fp_exp(logits[c] - largest) / sum;
            gradient[c] = (probability - (c == label ? 1.0f : 0.0f)) * share;
        }
    }
    /* A NaN among the logits must show in the loss: it does in the difference, not in fp_exp's zero. */
    float all = 0.0f;
    for (uint32_t c = 0; c < classes; c++) {
        all += logits[c] - logits[c];
    }
    return fp_log(sum) + (largest - logits[label]) + all;
}
