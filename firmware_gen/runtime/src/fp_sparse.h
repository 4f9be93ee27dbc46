/* Layers on kept weights only, forwards and backwards, for planar floats of one sample.
 *
 * Weights are walked in the order they are stored in, so their indices need no more than a count a row and a column a
 * weight. Sums are taken in that order and, within a weight, pixel by pixel: it is part of the definition, and equal on
 * every machine. Backward functions add to the velocity and, where `d_in` is not NULL, to `d_in`.
 */
#ifndef FP_SPARSE_H
#define FP_SPARSE_H

#include "fp_learner_state.h"

#ifdef __cplusplus
extern "C" {
#endif

void fp_sparse_conv_forward(const fp_learner_layer *layer, fp_kept kernel, const float *in, float *out);
/* Overwrites d_out; needs the plan's room for slopes. */
void fp_sparse_conv_backward(const fp_learner *learner, const fp_learner_layer *layer, fp_kept kernel, const float *in,
                             float *d_out, float *d_in);

void fp_sparse_dense_forward(const fp_learner_layer *layer, fp_kept kernel, const float *in, float *out);
void fp_sparse_dense_backward(const fp_learner_layer *layer, fp_kept kernel, const float *in, const float *d_out,
                              float *d_in);

/* Maximum or mean over the windows of one plane; of equal elements the first, row by row, takes the gradient. */
void fp_float_pool_forward(const fp_learner_layer *layer, const float *in, float *out);
void fp_float_pool_backward(const fp_learner_layer *layer, const float *in, const float *d_out, float *d_in);

#ifdef __cplusplus
}
#endif
#endif
