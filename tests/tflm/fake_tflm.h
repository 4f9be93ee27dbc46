/* As much of TensorFlow Lite Micro's interface as a custom operator sees, for tests without a checkout: one node with
 * one input and one output, memory from malloc. The test's harness fills it. */
#ifndef FAKE_TFLM_H
#define FAKE_TFLM_H

#include <stddef.h>
#include <stdint.h>

enum TfLiteStatus { kTfLiteOk = 0, kTfLiteError = 1 };
enum TfLiteType { kTfLiteNoType = 0, kTfLiteFloat32 = 1, kTfLiteInt8 = 9 };

struct TfLiteTensor {
    TfLiteType type;
    size_t bytes;
};
struct TfLiteEvalTensor {
    void *data;
};
struct TfLiteNode {
    void *user_data;
    int inputs;
    int outputs;
};
struct TfLiteContext {
    void *(*AllocatePersistentBuffer)(TfLiteContext *, size_t bytes);
    TfLiteStatus (*RequestScratchBufferInArena)(TfLiteContext *, size_t bytes, int *index);
    void *(*GetScratchBuffer)(TfLiteContext *, int index);
    TfLiteTensor input;
    TfLiteTensor output;
    TfLiteEvalTensor eval_input;
    TfLiteEvalTensor eval_output;
    int temporaries;
};
struct TFLMRegistration {
    void *(*init)(TfLiteContext *, const char *, size_t);
    TfLiteStatus (*prepare)(TfLiteContext *, TfLiteNode *);
    TfLiteStatus (*invoke)(TfLiteContext *, TfLiteNode *);
};

#define TF_LITE_ENSURE(context, condition)                                                                             \
    do {                                                                                                               \
        (void)(context);                                                                                               \
        if (!(condition)) {                                                                                            \
            return kTfLiteError;                                                                                       \
        }                                                                                                              \
    } while (0)
#define TF_LITE_ENSURE_EQ(context, one, other) TF_LITE_ENSURE(context, (one) == (other))
#define MicroPrintf(...) ((void)0)

namespace tflite {

inline int NumInputs(const TfLiteNode *node) {
    return node->inputs;
}
inline int NumOutputs(const TfLiteNode *node) {
    return node->outputs;
}

/* The context itself: what MicroContext does here needs nothing else. */
class MicroContext {
  public:
    TfLiteTensor *AllocateTempInputTensor(const TfLiteNode *, int index) {
        context()->temporaries++;
        return index == 0 ? &context()->input : nullptr;
    }
    TfLiteTensor *AllocateTempOutputTensor(const TfLiteNode *, int index) {
        context()->temporaries++;
        return index == 0 ? &context()->output : nullptr;
    }
    void DeallocateTempTfLiteTensor(TfLiteTensor *) {
        context()->temporaries--;
    }

  private:
    TfLiteContext *context() {
        return reinterpret_cast<TfLiteContext *>(this);
    }
};
inline MicroContext *GetMicroContext(const TfLiteContext *context) {
    return reinterpret_cast<MicroContext *>(const_cast<TfLiteContext *>(context));
}

namespace micro {

inline const TfLiteEvalTensor *GetEvalInput(const TfLiteContext *context, const TfLiteNode *, int) {
    return &context->eval_input;
}
inline TfLiteEvalTensor *GetEvalOutput(TfLiteContext *context, const TfLiteNode *, int) {
    return &context->eval_output;
}
template <typename T> const T *GetTensorData(const TfLiteEvalTensor *tensor) {
    return static_cast<const T *>(tensor->data);
}
template <typename T> T *GetTensorData(TfLiteEvalTensor *tensor) {
    return static_cast<T *>(tensor->data);
}
inline TFLMRegistration RegisterOp(void *(*init)(TfLiteContext *, const char *, size_t),
                                   TfLiteStatus (*prepare)(TfLiteContext *, TfLiteNode *),
                                   TfLiteStatus (*invoke)(TfLiteContext *, TfLiteNode *)) {
    return {init, prepare, invoke};
}

} // namespace micro
} // namespace tflite

#endif
