/* Runs FP_PROGRAM once: standard input has the sizes (options, input, output; 32-bit, this machine's order), the custom
 * options and the input; standard output gets one byte for the step that failed (0: none, 1: Init, 2: Prepare, 3:
 * Invoke) and the output. */
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "fake_tflm.h"
#include "fp_tflm_op.h"

static void *memory[2];
static size_t scratch_bytes;

static void *allocate(TfLiteContext *, size_t bytes) {
    return memory[0] = malloc(bytes);
}
static TfLiteStatus request(TfLiteContext *, size_t bytes, int *index) {
    *index = 7;
    scratch_bytes = bytes;
    return kTfLiteOk;
}
static void *scratch(TfLiteContext *, int index) {
    if (index != 7) {
        return nullptr;
    }
    memory[1] = aligned_alloc(16, (scratch_bytes + 15) / 16 * 16);
    memset(memory[1], 0xAA, scratch_bytes);
    return memory[1];
}

static int run(const char *options, const uint32_t *sizes, char *input, char *output) {
    TfLiteContext context = {allocate, request,  scratch, {kTfLiteInt8, sizes[1]}, {kTfLiteInt8, sizes[2]},
                             {input},  {output}, 0};
    const TFLMRegistration *registration = fp_tflm_registration();
    TfLiteNode node = {registration->init(&context, options, sizes[0]), 1, 1};
    if (node.user_data == nullptr) {
        return 1;
    }
    if (registration->prepare(&context, &node) != kTfLiteOk || context.temporaries != 0) {
        return 2;
    }
    return registration->invoke(&context, &node) == kTfLiteOk ? 0 : 3;
}

int main() {
    uint32_t sizes[3];
    if (fread(sizes, sizeof sizes[0], 3, stdin) != 3) {
        return 2;
    }
    char *options = static_cast<char *>(malloc(sizes[0] + 1));
    char *input = static_cast<char *>(malloc(sizes[1]));
    char *output = static_cast<char *>(calloc(1, sizes[2]));
    if (fread(options, 1, sizes[0], stdin) != sizes[0] || fread(input, 1, sizes[1], stdin) != sizes[1]) {
        return 2;
    }
    putchar(run(options, sizes, input, output));
    fwrite(output, 1, sizes[2], stdout);
    free(options);
    free(input);
    free(output);
    free(memory[0]);
    free(memory[1]);
    return 0;
}
