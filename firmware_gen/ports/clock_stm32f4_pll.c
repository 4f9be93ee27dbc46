/* STM32F4: crystal (HSE) through the main PLL. Where the crystal or the PLL does not start within a bound, as in
 * emulators that do not model them, the chip stays on its internal 16 MHz oscillator (HSI). Registers: RM0090, 7.3
 * (RCC) and 3.9 (FLASH). */
#include "stm32_rcc.h"

#define ACR_PREFETCH_AND_CACHES (7u << 8)

#define PLL_INPUT_HZ (FP_CLOCK_HSE_HZ / FP_CLOCK_PLL_M)
#define PLL_HZ (PLL_INPUT_HZ * FP_CLOCK_PLL_N)

_Static_assert(FP_CLOCK_PLL_M >= 2 && FP_CLOCK_PLL_M <= 63, "clock.pll_m must be 2 to 63");
_Static_assert(FP_CLOCK_PLL_N >= 50 && FP_CLOCK_PLL_N <= 432, "clock.pll_n must be 50 to 432");
_Static_assert(FP_STM32_IS_PLL_P(FP_CLOCK_PLL_P), "clock.pll_p must be 2, 4, 6 or 8");
_Static_assert(FP_CLOCK_PLL_Q >= 2 && FP_CLOCK_PLL_Q <= 15, "clock.pll_q must be 2 to 15");
_Static_assert(PLL_INPUT_HZ >= 1000000u && PLL_INPUT_HZ <= 2000000u, "hse_hz / pll_m must be 1 to 2 MHz");
_Static_assert(PLL_HZ / FP_CLOCK_PLL_P == FP_CORE_CLOCK_HZ, "core.clock_hz is not hse_hz / pll_m * pll_n / pll_p");
_Static_assert(FP_CLOCK_FLASH_WAIT_STATES <= 7, "clock.flash_wait_states must be at most 7");
_Static_assert(FP_STM32_IS_PRESCALER(FP_CLOCK_APB1_DIVIDER), "clock.apb1_divider must be 1, 2, 4, 8 or 16");
_Static_assert(FP_STM32_IS_PRESCALER(FP_CLOCK_APB2_DIVIDER), "clock.apb2_divider must be 1, 2, 4, 8 or 16");

fp_clocks fp_clock_init(void) {
    static const fp_stm32_pll pll = {
        .m = FP_CLOCK_PLL_M,
        .n = FP_CLOCK_PLL_N,
        .p = FP_CLOCK_PLL_P,
        .q = FP_CLOCK_PLL_Q,
        .apb1_divider = FP_CLOCK_APB1_DIVIDER,
        .apb2_divider = FP_CLOCK_APB2_DIVIDER,
        .flash_acr = ACR_PREFETCH_AND_CACHES | FP_CLOCK_FLASH_WAIT_STATES,
    };
    if (!fp_stm32_start_pll(&pll) || !fp_stm32_use_pll(&pll)) {
        return fp_stm32_use_hsi();
    }
    fp_clocks clocks = {
        FP_CORE_CLOCK_HZ,
        {FP_CORE_CLOCK_HZ / FP_CLOCK_APB1_DIVIDER, FP_CORE_CLOCK_HZ / FP_CLOCK_APB2_DIVIDER},
    };
    return clocks;
}
