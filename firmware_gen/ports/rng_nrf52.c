/* The random number generator of nRF52, with bias correction. Registers: nRF52840 Product Specification, 6.20. */
#include "board.h"
#include "cortex_m.h"

#define RNG_START FP_REG(FP_RNG_BASE + 0x000u)
#define RNG_STOP FP_REG(FP_RNG_BASE + 0x004u)
#define RNG_VALRDY FP_REG(FP_RNG_BASE + 0x100u)
#define RNG_CONFIG FP_REG(FP_RNG_BASE + 0x504u)
#define RNG_VALUE FP_REG(FP_RNG_BASE + 0x508u)
#define CONFIG_BIAS_CORRECTION 1u
#define POLLS 100000u /* a byte takes about 120 microseconds */

static bool next_byte(uint8_t *byte) {
    RNG_VALRDY = 0;
    for (uint32_t polls = 0; polls < POLLS; polls++) {
        if (RNG_VALRDY != 0) {
            *byte = (uint8_t)RNG_VALUE;
            return true;
        }
    }
    return false;
}

bool fp_board_random(uint8_t *bytes, uint32_t length) {
    bool good = true;
    RNG_CONFIG = CONFIG_BIAS_CORRECTION;
    RNG_START = 1u;
    for (uint32_t i = 0; good && i < length; i++) {
        good = next_byte(&bytes[i]);
    }
    RNG_STOP = 1u;
    return good;
}
