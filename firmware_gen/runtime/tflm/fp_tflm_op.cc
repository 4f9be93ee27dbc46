#include "fp_tflm_op.h"

#include <string.h>

#include "tensorflow/lite/c/common.h"
#include "tensorflow/lite/kernels/kernel_util.h"
#include "tensorflow/lite/micro/kernels/kernel_util.h"
#include "tensorflow/lite/micro/micro_context.h"
#include "tensorflow/lite/micro/micro_log.h"

namespace {

constexpr char kMark[] = {'F', 'P', 'P', '1'};
constexpr size_t kShaBytes = FP_TFLM_OPTIONS_BYTES - sizeof kMark;

struct State {
    const fp_model *model; /* null: the options are damaged, or name no program */
    int scratch;
};

const fp_model *find_program(const char *options, size_t length) {
    if (options == nullptr || length != FP_TFLM_OPTIONS_BYTES || memcmp(options, kMark, sizeof kMark) != 0) {
        return nullptr;
    }
    for (unsigned int i = 0; i < fp_tflm_program_count; i++) {
        if (memcmp(options + sizeof kMark, fp_tflm_programs[i]->sha256, kShaBytes) == 0) {
            return fp_tflm_programs[i];
        }
    }
    return nullptr;
}

void *init(TfLiteContext *context, const char *buffer, size_t length) {
    State *state = static_cast<State *>(context->AllocatePersistentBuffer(context, sizeof(State)));
    if (state != nullptr) {
        state->model = find_program(buffer, length);
        state->scratch = -1;
    }
    return state;
}

bool is_int8_of(const TfLiteTensor *tensor, uint32_t bytes) {
    return tensor != nullptr && tensor->type == kTfLiteInt8 && tensor->bytes == bytes;
}

TfLiteStatus prepare(TfLiteContext *context, TfLiteNode *node) {
    State *state = static_cast<State *>(node->user_data);
    if (state == nullptr || state->model == nullptr) {
        MicroPrintf(FP_TFLM_OPERATOR ": no program fits the custom options; build model and programs together");
        return kTfLiteError;
    }
    TF_LITE_ENSURE_EQ(context, tflite::NumInputs(node), 1);
    TF_LITE_ENSURE_EQ(context, tflite::NumOutputs(node), 1);
    tflite::MicroContext *micro = tflite::GetMicroContext(context);
    TfLiteTensor *input = micro->AllocateTempInputTensor(node, 0);
    TfLiteTensor *output = micro->AllocateTempOutputTensor(node, 0);
    const bool fits = is_int8_of(input, state->model->input_bytes) && is_int8_of(output, state->model->output_bytes);
    if (output != nullptr) {
        micro->DeallocateTempTfLiteTensor(output);
    }
    if (input != nullptr) {
        micro->DeallocateTempTfLiteTensor(input);
    }
    TF_LITE_ENSURE(context, fits);
    return context->RequestScratchBufferInArena(context, state->model->arena_bytes, &state->scratch);
}

TfLiteStatus invoke(TfLiteContext *context, TfLiteNode *node) {
    const State *state = static_cast<const State *>(node->user_data);
    const fp_model *model = state->model;
    const TfLiteEvalTensor *input = tflite::micro::GetEvalInput(context, node, 0);
    TfLiteEvalTensor *output = tflite::micro::GetEvalOutput(context, node, 0);
    int8_t *arena = static_cast<int8_t *>(context->GetScratchBuffer(context, state->scratch));
    TF_LITE_ENSURE(context, input != nullptr && output != nullptr && arena != nullptr);
    memcpy(arena + model->input_offset, tflite::micro::GetTensorData<int8_t>(input), model->input_bytes);
    TF_LITE_ENSURE_EQ(context, model->invoke(arena), FP_OK);
    memcpy(tflite::micro::GetTensorData<int8_t>(output), arena + model->output_offset, model->output_bytes);
    return kTfLiteOk;
}

} // namespace

const TFLMRegistration *fp_tflm_registration() {
    static const TFLMRegistration registration = tflite::micro::RegisterOp(init, prepare, invoke);
    return &registration;
}
