/* What the clock trees of STM32 F4 and F7 share: RM0090, 7.3 and 3.9; RM0385, 5.3 and 3.7. */
#ifndef FP_STM32_RCC_H
#define FP_STM32_RCC_H

#include "cortex_m.h"

#define RCC_CR FP_REG(0x40023800u)
#define RCC_PLLCFGR FP_REG(0x40023804u)
#define RCC_CFGR FP_REG(0x40023808u)
#define FLASH_ACR FP_REG(0x40023C00u)

#define CR_HSEON (1u << 16)
#define CR_HSERDY (1u << 17)
#define CR_PLLON (1u << 24)
#define CR_PLLRDY (1u << 25)
#define PLLCFGR_HSE (1u << 22)
#define CFGR_SW_MASK 3u
#define CFGR_SW_PLL 2u
#define CFGR_SWS_MASK (3u << 2)
#define CFGR_SWS_PLL (2u << 2)
#define CFGR_PRESCALERS ((0xFu << 4) | (7u << 10) | (7u << 13)) /* HPRE, PPRE1, PPRE2 */
#define ACR_LATENCY_MASK 0xFu

#define FP_STM32_HSI_HZ 16000000u
#define FP_STM32_START_POLLS 50000u /* at 16 MHz more than 20 ms; a crystal starts in 2 ms (DS8626, table 32) */

/* Field of a bus prescaler: 0 for 1, then 4 for 2, 5 for 4, 6 for 8, 7 for 16. */
#define FP_STM32_PRESCALER(divider)                                                                                    \
    ((divider) == 1u ? 0u : (divider) == 2u ? 4u : (divider) == 4u ? 5u : (divider) == 8u ? 6u : 7u)
#define FP_STM32_IS_PRESCALER(divider)                                                                                 \
    ((divider) == 1 || (divider) == 2 || (divider) == 4 || (divider) == 8 || (divider) == 16)
#define FP_STM32_IS_PLL_P(p) ((p) == 2 || (p) == 4 || (p) == 6 || (p) == 8)

#define FP_STM32_PLL_INPUT_HZ (FP_CLOCK_HSE_HZ / FP_CLOCK_PLL_M)
#define FP_STM32_PLL_HZ (FP_STM32_PLL_INPUT_HZ * FP_CLOCK_PLL_N)

_Static_assert(FP_CLOCK_PLL_M >= 2 && FP_CLOCK_PLL_M <= 63, "clock.pll_m must be 2 to 63");
_Static_assert(FP_CLOCK_PLL_N >= 50 && FP_CLOCK_PLL_N <= 432, "clock.pll_n must be 50 to 432");
_Static_assert(FP_STM32_IS_PLL_P(FP_CLOCK_PLL_P), "clock.pll_p must be 2, 4, 6 or 8");
_Static_assert(FP_CLOCK_PLL_Q >= 2 && FP_CLOCK_PLL_Q <= 15, "clock.pll_q must be 2 to 15");
_Static_assert(FP_STM32_PLL_INPUT_HZ >= 1000000u && FP_STM32_PLL_INPUT_HZ <= 2000000u,
               "hse_hz / pll_m must be 1 to 2 MHz");
_Static_assert(FP_STM32_PLL_HZ <= 432000000u, "hse_hz / pll_m * pll_n must be at most 432 MHz");
_Static_assert(FP_STM32_PLL_HZ / FP_CLOCK_PLL_P == FP_CORE_CLOCK_HZ,
               "core.clock_hz is not hse_hz / pll_m * pll_n / pll_p");
_Static_assert(FP_CLOCK_FLASH_WAIT_STATES <= 15, "clock.flash_wait_states must be at most 15");
_Static_assert(FP_STM32_IS_PRESCALER(FP_CLOCK_APB1_DIVIDER), "clock.apb1_divider must be 1, 2, 4, 8 or 16");
_Static_assert(FP_STM32_IS_PRESCALER(FP_CLOCK_APB2_DIVIDER), "clock.apb2_divider must be 1, 2, 4, 8 or 16");

/* Whether `*address & mask` becomes `value` within the bound. */
static inline int fp_stm32_becomes(volatile uint32_t *address, uint32_t mask, uint32_t value) {
    for (uint32_t polls = 0; polls < FP_STM32_START_POLLS; polls++) {
        if ((*address & mask) == value) {
            return 1;
        }
    }
    return 0;
}

/* Start the crystal and the PLL behind it. */
static inline int fp_stm32_start_pll(void) {
    RCC_CR = RCC_CR | CR_HSEON;
    if (!fp_stm32_becomes(&RCC_CR, CR_HSERDY, CR_HSERDY)) {
        return 0;
    }
    RCC_PLLCFGR = FP_CLOCK_PLL_M | (FP_CLOCK_PLL_N << 6) | ((FP_CLOCK_PLL_P / 2u - 1u) << 16) | PLLCFGR_HSE |
                  (FP_CLOCK_PLL_Q << 24);
    RCC_CR = RCC_CR | CR_PLLON;
    return fp_stm32_becomes(&RCC_CR, CR_PLLRDY, CR_PLLRDY);
}

/* Run from the PLL; wait states and bus prescalers are set before the core speeds up. `accelerators`: bits of FLASH_ACR
 * beside the wait states. */
static inline int fp_stm32_use_pll(uint32_t accelerators) {
    FLASH_ACR = accelerators | FP_CLOCK_FLASH_WAIT_STATES;
    if (!fp_stm32_becomes(&FLASH_ACR, ACR_LATENCY_MASK, FP_CLOCK_FLASH_WAIT_STATES)) {
        return 0;
    }
    RCC_CFGR = (RCC_CFGR & ~CFGR_PRESCALERS) | (FP_STM32_PRESCALER(FP_CLOCK_APB1_DIVIDER) << 10) |
               (FP_STM32_PRESCALER(FP_CLOCK_APB2_DIVIDER) << 13);
    RCC_CFGR = (RCC_CFGR & ~CFGR_SW_MASK) | CFGR_SW_PLL;
    return fp_stm32_becomes(&RCC_CFGR, CFGR_SWS_MASK, CFGR_SWS_PLL);
}

/* What runs then. */
static inline fp_clocks fp_stm32_pll_clocks(void) {
    fp_clocks clocks = {
        FP_CORE_CLOCK_HZ,
        {FP_CORE_CLOCK_HZ / FP_CLOCK_APB1_DIVIDER, FP_CORE_CLOCK_HZ / FP_CLOCK_APB2_DIVIDER},
    };
    return clocks;
}

/* Back to a defined state: HSI, all prescalers 1. */
static inline fp_clocks fp_stm32_use_hsi(void) {
    fp_clocks clocks = {FP_STM32_HSI_HZ, {FP_STM32_HSI_HZ, FP_STM32_HSI_HZ}};
    RCC_CFGR = RCC_CFGR & ~(CFGR_SW_MASK | CFGR_PRESCALERS);
    RCC_CR = RCC_CR & ~(CR_PLLON | CR_HSEON);
    return clocks;
}

#endif
