/* The custom operator FP_PROGRAM of TensorFlow Lite Micro: a chain of a model's layers, as C that calls the runtime.
 *
 * Its custom options are FP_TFLM_OPTIONS_BYTES bytes: the mark "FPP1" and the SHA-256 of the chain as a .tflite file.
 * The program with the same SHA-256 is looked up among fp_tflm_programs, so that a model never runs with the weights of
 * another. One int8 tensor goes in and one comes out, both NHWC with batch 1; what lies between them takes scratch
 * memory of TensorFlow Lite Micro's arena, which other operators use at other times.
 */
#ifndef FP_TFLM_OP_H
#define FP_TFLM_OP_H

#include "fp_model.h"
#include "tensorflow/lite/micro/micro_common.h"

#define FP_TFLM_OPERATOR "FP_PROGRAM"
#define FP_TFLM_OPTIONS_BYTES 36

/* Generated: the programs of this model. */
extern "C" const fp_model *const fp_tflm_programs[];
extern "C" const unsigned int fp_tflm_program_count;

/* For MicroMutableOpResolver::AddCustom(FP_TFLM_OPERATOR, fp_tflm_registration()). */
const TFLMRegistration *fp_tflm_registration();

#endif
