/* How the outputs of a channel are cut into runs of neighbours, for kernels that compute several at a time. */
#ifndef FP_CONV_RUNS_H
#define FP_CONV_RUNS_H

#include <stdint.h>

#include "fp_conv.h"

/* Rows of as many neighbouring outputs each; no number is 0. */
typedef struct fp_conv_rows {
    uint32_t count; /* a row */
    uint32_t rows;
    uint32_t down;  /* bytes from a row's first window to the next row's */
    uint32_t pitch; /* bytes from a row's first output to the next row's */
} fp_conv_rows;

/* A kernel, ready for one output channel. */
typedef struct fp_conv_runner {
    /* Computes rows of outputs; the first one's window is at `window`. */
    void (*run)(const void *plan, const int8_t *window, int8_t *out, const fp_conv_rows *rows);
    const void *plan;
    uint32_t lanes; /* how many outputs `run` computes at a time */
    uint32_t room;  /* as in fp_conv_channel, where rows that lie too far apart may be moved together; 0 otherwise */
} fp_conv_runner;

/* Compute all outputs of a channel, `out` and `window` as for fp_conv_walk, and clamp them. */
void fp_conv_run_channel(const fp_conv *conv, const fp_conv_runner *runner, const int8_t *window, int8_t *out);

/* Clamp a channel that is saturated to int8 to the layer's activation range. */
void fp_conv_clamp_channel(const fp_conv *conv, int8_t *out);

#endif
