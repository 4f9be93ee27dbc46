#include "fp_model.h"

void fp_model_selftest_input(int8_t *input, uint32_t length) {
    uint32_t hash = 0;
    for (uint32_t i = 0; i < length; i++) {
        hash += 2654435761u; /* (i + 1) * 2654435761 mod 2^32 */
        input[i] = (int8_t)(uint8_t)(hash >> 24);
    }
}
