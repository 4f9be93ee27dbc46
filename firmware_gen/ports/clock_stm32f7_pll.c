/* STM32F7: crystal (HSE) through the main PLL, over-drive above 180 MHz, instruction cache. Where one of them does not
 * start within a bound, as in emulators that do not model them, the chip stays on its internal 16 MHz oscillator (HSI).
 * Registers: RM0385, 5.3 (RCC), 4.4 (PWR; 4.1.4 has the over-drive's order of steps), 3.7 (FLASH); cache: Arm DDI 0403,
 * B3.2.2 and B3.2.8. */
#include "stm32_rcc.h"

#define RCC_APB1ENR FP_REG(0x40023840u)
#define APB1ENR_PWREN (1u << 28)
#define PWR_CR1 FP_REG(0x40007000u)
#define PWR_CSR1 FP_REG(0x40007004u)
#define CR1_ODEN (1u << 16)
#define CR1_ODSWEN (1u << 17)
#define CSR1_ODRDY (1u << 16)
#define CSR1_ODSWRDY (1u << 17)
#define ACR_PREFETCH_AND_ACCELERATOR (3u << 8)
#define SCB_CCR FP_REG(0xE000ED14u)
#define SCB_ICIALLU FP_REG(0xE000EF50u)
#define CCR_IC (1u << 17)

#define LARGEST_WITHOUT_OVERDRIVE_HZ 180000000u

static int use_overdrive(void) {
    if (FP_CORE_CLOCK_HZ <= LARGEST_WITHOUT_OVERDRIVE_HZ) {
        return 1;
    }
    RCC_APB1ENR = RCC_APB1ENR | APB1ENR_PWREN;
    (void)RCC_APB1ENR; /* waits out the delay after enabling a clock */
    PWR_CR1 = PWR_CR1 | CR1_ODEN;
    if (!fp_stm32_becomes(&PWR_CSR1, CSR1_ODRDY, CSR1_ODRDY)) {
        return 0;
    }
    PWR_CR1 = PWR_CR1 | CR1_ODSWEN;
    return fp_stm32_becomes(&PWR_CSR1, CSR1_ODSWRDY, CSR1_ODSWRDY);
}

static void use_instruction_cache(void) {
    SCB_ICIALLU = 0;
    __asm volatile("dsb\n\tisb" ::: "memory");
    SCB_CCR = SCB_CCR | CCR_IC;
    __asm volatile("dsb\n\tisb" ::: "memory");
}

fp_clocks fp_clock_init(void) {
    use_instruction_cache();
    if (!fp_stm32_start_pll() || !use_overdrive() || !fp_stm32_use_pll(ACR_PREFETCH_AND_ACCELERATOR)) {
        return fp_stm32_use_hsi();
    }
    return fp_stm32_pll_clocks();
}
