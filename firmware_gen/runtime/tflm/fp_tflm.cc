#include "fp_tflm.h"

#include <new>
#include <stdarg.h>
#include <string.h>

#include "fp_tflm_model.h"
#include "fp_tflm_resolver.h"
#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/schema/schema_generated.h"

extern "C" {
/* Named for firmware_gen, which reads its size back from the ELF file. */
alignas(16) uint8_t fp_arena_tensors[FP_TFLM_ARENA_BYTES];
}

namespace {

alignas(fp_tflm_resolver) uint8_t resolver_memory[sizeof(fp_tflm_resolver)];
alignas(tflite::MicroInterpreter) uint8_t interpreter_memory[sizeof(tflite::MicroInterpreter)];
tflite::MicroInterpreter *interpreter; /* null until everything is in place */

} // namespace

fp_status fp_tflm_start(void) {
    if (interpreter != nullptr) {
        return FP_OK;
    }
    const tflite::Model *model = tflite::GetModel(fp_weights_tflm_model);
    fp_tflm_resolver *resolver = new (resolver_memory) fp_tflm_resolver;
    if (model->version() != TFLITE_SCHEMA_VERSION || fp_tflm_add_operators(resolver) != kTfLiteOk) {
        return FP_ERR_CAPACITY;
    }
    tflite::MicroInterpreter *made =
        new (interpreter_memory) tflite::MicroInterpreter(model, *resolver, fp_arena_tensors, sizeof fp_arena_tensors);
    if (made->AllocateTensors() != kTfLiteOk) {
        return FP_ERR_CAPACITY;
    }
    interpreter = made;
    return FP_OK;
}

fp_status fp_tflm_run(const int8_t *input, uint32_t input_bytes, int8_t *output, uint32_t output_bytes) {
    const fp_status status = fp_tflm_start();
    if (status != FP_OK) {
        return status;
    }
    TfLiteTensor *source = interpreter->input(0);
    TfLiteTensor *target = interpreter->output(0);
    if (source->bytes != input_bytes || target->bytes != output_bytes) {
        return FP_ERR_ARGUMENT;
    }
    memcpy(source->data.data, input, input_bytes);
    if (interpreter->Invoke() != kTfLiteOk) {
        return FP_ERR_ENCODING;
    }
    memcpy(output, target->data.data, output_bytes);
    return FP_OK;
}

uint32_t fp_tflm_arena_used(void) {
    return interpreter == nullptr ? 0 : static_cast<uint32_t>(interpreter->arena_used_bytes());
}

/* TensorFlow Lite Micro's messages go nowhere: the serial line carries frames. */
extern "C" void DebugLog(const char *, va_list) {
}
