/* Models for the tests of the link: cheap to compute, hostile to their input. */
#ifndef FAKE_MODELS_H
#define FAKE_MODELS_H

#include "fp_model.h"

/* 0: 16 -> 10 bytes. 1: 2500 -> 3001 bytes, the output over the input. 2: input and output just fill one frame.
 * 3: fails. NULL for any other number. Output byte i = 3 * input byte (i mod input_bytes) + i, modulo 256. */
const fp_model *fake_model(int number);

#define FAKE_ARENA_BYTES 6000u

#endif
