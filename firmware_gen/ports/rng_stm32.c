/* The random number generator of STM32 F2, F4 and F7. Registers: RM0090, 24.4; RM0385, 20.4. Its clock is the PLL's 48
 * MHz output. */
#include "board.h"
#include "cortex_m.h"

#define RNG_CR FP_REG(FP_RNG_BASE + 0x00u)
#define RNG_SR FP_REG(FP_RNG_BASE + 0x04u)
#define RNG_DR FP_REG(FP_RNG_BASE + 0x08u)
#define CR_RNGEN (1u << 2)
#define SR_DRDY (1u << 0)
#define SR_FAULTS ((1u << 1) | (1u << 2) | (1u << 5) | (1u << 6)) /* clock or seed: present, or seen */
#define POLLS 10000u                                              /* a number takes 40 periods of 48 MHz */

/* The next number; false when there is none in time, or the hardware finds fault with itself. */
static bool next_word(uint32_t *word) {
    for (uint32_t polls = 0; polls < POLLS; polls++) {
        uint32_t status = RNG_SR;
        if ((status & SR_FAULTS) != 0) {
            return false;
        }
        if ((status & SR_DRDY) != 0) {
            *word = RNG_DR;
            return true;
        }
    }
    return false;
}

/* The first number after a start is not used, and each is compared with the one before (FIPS 140-2, as RM0090, 24.3.1
 * asks for). */
bool fp_board_random(uint8_t *bytes, uint32_t length) {
    uint32_t before = 0;
    uint32_t word = 0;
    FP_REG(FP_RNG_ENABLE_REGISTER) = FP_REG(FP_RNG_ENABLE_REGISTER) | (1u << FP_RNG_ENABLE_BIT);
    (void)FP_REG(FP_RNG_ENABLE_REGISTER);
    RNG_CR = CR_RNGEN;
    bool good = next_word(&before);
    for (uint32_t i = 0; good && i < length; i++) {
        if (i % 4u == 0) {
            good = next_word(&word) && word != before;
            before = word;
        }
        bytes[i] = (uint8_t)(word >> (8u * (i % 4u)));
    }
    RNG_CR = 0;
    return good;
}
