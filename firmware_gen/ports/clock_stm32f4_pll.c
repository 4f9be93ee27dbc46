/* STM32F4: crystal (HSE) through the main PLL. Where the crystal or the PLL does not start within a bound, as in
 * emulators that do not model them, the chip stays on its internal 16 MHz oscillator (HSI). Registers: RM0090, 7.3
 * (RCC) and 3.9 (FLASH). */
#include "stm32_rcc.h"

#define ACR_PREFETCH_AND_CACHES (7u << 8)

_Static_assert(FP_CLOCK_FLASH_WAIT_STATES <= 7, "clock.flash_wait_states must be at most 7");

fp_clocks fp_clock_init(void) {
    if (!fp_stm32_start_pll() || !fp_stm32_use_pll(ACR_PREFETCH_AND_CACHES)) {
        return fp_stm32_use_hsi();
    }
    return fp_stm32_pll_clocks();
}
