/* What a generated learner is: layers, tensors and the memory plan, all constant data. docs/learning.md explains it.
 *
 * Activations are planar floats of one sample: channel by channel, rows behind each other, no padding. A dense layer's
 * output is channels of one pixel.
 */
#ifndef FP_LEARNER_SPEC_H
#define FP_LEARNER_SPEC_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Raised when generated code and runtime no longer fit; generated sources check it with #error. */
#define FP_LEARNER_FORMAT 2

#define FP_NO_TENSOR 0xFFFFu /* a layer without a kernel or a bias */
#define FP_STARTS_AT_ZERO 0u /* fan_in of a tensor that draws nothing from the seed */

typedef enum fp_layer_kind {
    FP_LAYER_CONV = 0,      /* kernel (height, width, in, out) */
    FP_LAYER_DEPTHWISE = 1, /* kernel (height, width, in, multiplier) */
    FP_LAYER_DENSE = 2,     /* kernel (in, out); reads its input in the order rows, columns, channels */
    FP_LAYER_MAX_POOL = 3,
    FP_LAYER_AVERAGE_POOL = 4, /* divides by the pixels that lie inside */
    FP_LAYER_ADD = 5,          /* of two tensors of one shape */
    FP_LAYER_RELU = 6          /* an activation by itself */
} fp_layer_kind;

typedef enum fp_activation { FP_LINEAR = 0, FP_RELU = 1, FP_RELU6 = 2 } fp_activation;

typedef struct fp_shape {
    uint16_t channels;
    uint16_t height;
    uint16_t width;
} fp_shape;

/* One operand of a layer, in floats from the start of the activations. */
typedef struct fp_operand {
    uint32_t values;
    uint32_t gradient;  /* where the backward pass leaves dL/d(values) */
    uint16_t live;      /* where the flags of its channels are */
    uint8_t wanted;     /* whether anything reads that gradient: 0 for the sample itself */
    uint8_t accumulate; /* whether a later layer has already written it: add to it, else set it */
    uint8_t rectified;  /* where a value is 0, whoever made it takes no gradient: a ReLU, perhaps pooled */
} fp_operand;

typedef struct fp_learner_layer {
    const char *name; /* the layer's, for messages */
    uint8_t kind;     /* fp_layer_kind */
    uint8_t activation;
    uint8_t kernel_height;
    uint8_t kernel_width;
    uint8_t stride_height;
    uint8_t stride_width;
    uint8_t pad_top;
    uint8_t pad_left;
    fp_shape in;
    fp_shape out;
    uint16_t kernel; /* position of its tensor in the spec, or FP_NO_TENSOR */
    uint16_t bias;
    fp_operand source;
    fp_operand second; /* of FP_LAYER_ADD */
    uint32_t output;   /* floats from the start of the activations */
    uint32_t output_gradient;
    uint16_t output_live;
} fp_learner_layer;

/* A tensor as a matrix: its last axis are the columns, all others the rows, as in a row-major array. */
typedef struct fp_learner_tensor {
    uint32_t number;    /* position among the model's trainable tensors: "tensor" of docs/seeded-init.md */
    uint32_t rows;      /* 1 for a bias */
    uint32_t columns;   /* at most 65535 */
    uint32_t first_row; /* rows of the tensors before it */
    uint32_t fan_in;    /* of the seeded start; FP_STARTS_AT_ZERO for a bias */
    uint8_t prunable;   /* whether a mask drops single weights of it */
    uint8_t decays;     /* whether weight decay applies */
} fp_learner_tensor;

/* A mask: for each tensor, in order, one count a row; then the columns of the kept elements, row by row. */
typedef struct fp_learner_mask {
    const uint16_t *counts;  /* one for each row of each tensor */
    const uint16_t *columns; /* ascending in a row */
    uint32_t values;         /* kept elements in all */
    uint32_t fingerprint;    /* of the masks, as the trainer computes it */
} fp_learner_mask;

typedef enum fp_sample_format {
    FP_SAMPLE_U8 = 0,     /* a byte each, value = byte * sample_scale */
    FP_SAMPLE_FLOAT32 = 1 /* little-endian binary32 each */
} fp_sample_format;

/* Where everything lies in the caller's memory: byte offsets, each a multiple of 4, through the first piece and on
 * through the second. Nothing lies across the end of a piece. The generator plans it. */
typedef struct fp_learner_plan {
    uint32_t bytes;        /* of the first piece of memory, a multiple of 8 */
    uint32_t second_bytes; /* of the second; 0: there is none */
    uint32_t counts;       /* uint16, one for each row; unused with a baked mask */
    uint32_t columns;      /* uint16, one for each value; unused with a baked mask */
    uint32_t starts;       /* uint32, one for each tensor: its first value */
    uint32_t live;         /* bytes, one for each channel of the layers' outputs and the sample */
    uint32_t values;       /* float32, value_capacity */
    uint32_t velocity;     /* float32, value_capacity; the update's payload lies here after training */
    uint32_t residual;     /* float32, value_capacity; for encodings with error feedback */
    uint32_t received;     /* the payload that a round began with: received_bytes */
    uint32_t activations;  /* float32, activation_floats */
    uint32_t slopes;  /* uint16, 2 * slope_capacity + 1 + the most channels of a convolution: for the backward pass */
    uint32_t labels;  /* bytes, sample_capacity */
    uint32_t samples; /* sample_capacity * sample_bytes */
    uint32_t order;   /* uint16, order_capacity */
    uint32_t shifts;  /* int8 pairs, shift_capacity */
    uint32_t kept;    /* of the mask's computation: a bit for each prunable weight */
    uint32_t scratch; /* of it, too: what it needs besides. Both overlap values and what follows above */
    uint32_t scratch_bytes; /* 0: this learner does not compute masks */
    uint32_t value_capacity;
    uint32_t received_bytes;    /* 0: only float32 without FedProx */
    uint32_t sample_capacity;   /* at most 65535 */
    uint32_t order_capacity;    /* sample positions of one round: epochs * samples */
    uint32_t shift_capacity;    /* batches of one round that are moved */
    uint32_t activation_floats; /* outputs, then gradients; as many as any tensor has columns */
    uint32_t output_floats;     /* the outputs alone, the sample's among them */
    uint32_t slope_capacity;    /* slopes of a convolution's output that may differ from 0 */
    uint16_t live_flags;
    uint8_t has_residual; /* whether float16 and int8 have room */
} fp_learner_plan;

typedef struct fp_learner_spec {
    const char *name;      /* printable ASCII, at most 31 characters */
    const uint8_t *sha256; /* 32 bytes: of the description that this was generated from */
    const fp_learner_layer *layers;
    const fp_learner_tensor *tensors;
    const fp_learner_mask *mask; /* baked into the firmware, or NULL */
    uint16_t layer_count;
    uint16_t tensor_count;
    uint16_t classes; /* at most 256 */
    uint8_t sample_format;
    fp_shape input;
    uint32_t sample_bytes; /* of one stored sample, in the order rows, columns, channels */
    float sample_scale;
    uint32_t rows; /* of all tensors together */
    fp_learner_plan plan;
} fp_learner_spec;

#ifdef __cplusplus
}
#endif
#endif
