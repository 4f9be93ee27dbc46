/* The loss that clients train on. */
#ifndef FP_CROSS_ENTROPY_H
#define FP_CROSS_ENTROPY_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Softmax cross-entropy of one sample, in nats. `gradient`, if not NULL, gets share * dL/d(logits); it does not overlap
 * the logits. */
float fp_cross_entropy(const float *logits, uint32_t label, uint32_t classes, float share, float *gradient);

#ifdef __cplusplus
}
#endif
#endif
