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

typedef struct fp_stm32_pll {
    uint32_t m, n, p, q;
    uint32_t apb1_divider, apb2_divider;
    uint32_t flash_acr; /* value of FLASH_ACR, wait states included */
} fp_stm32_pll;

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
static inline int fp_stm32_start_pll(const fp_stm32_pll *pll) {
    RCC_CR = RCC_CR | CR_HSEON;
    if (!fp_stm32_becomes(&RCC_CR, CR_HSERDY, CR_HSERDY)) {
        return 0;
    }
    RCC_PLLCFGR = pll->m | (pll->n << 6) | ((pll->p / 2u - 1u) << 16) | PLLCFGR_HSE | (pll->q << 24);
    RCC_CR = RCC_CR | CR_PLLON;
    return fp_stm32_becomes(&RCC_CR, CR_PLLRDY, CR_PLLRDY);
}

/* Wait states and bus prescalers are set before the core speeds up. */
static inline int fp_stm32_use_pll(const fp_stm32_pll *pll) {
    FLASH_ACR = pll->flash_acr;
    if (!fp_stm32_becomes(&FLASH_ACR, ACR_LATENCY_MASK, pll->flash_acr & ACR_LATENCY_MASK)) {
        return 0;
    }
    RCC_CFGR = (RCC_CFGR & ~CFGR_PRESCALERS) | (FP_STM32_PRESCALER(pll->apb1_divider) << 10) |
               (FP_STM32_PRESCALER(pll->apb2_divider) << 13);
    RCC_CFGR = (RCC_CFGR & ~CFGR_SW_MASK) | CFGR_SW_PLL;
    return fp_stm32_becomes(&RCC_CFGR, CFGR_SWS_MASK, CFGR_SWS_PLL);
}

/* Back to a defined state: HSI, all prescalers 1. */
static inline fp_clocks fp_stm32_use_hsi(void) {
    fp_clocks clocks = {FP_STM32_HSI_HZ, {FP_STM32_HSI_HZ, FP_STM32_HSI_HZ}};
    RCC_CFGR = RCC_CFGR & ~(CFGR_SW_MASK | CFGR_PRESCALERS);
    RCC_CR = RCC_CR & ~(CR_PLLON | CR_HSEON);
    return clocks;
}

#endif
