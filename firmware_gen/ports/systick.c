/* A 64-bit tick counter from the 24-bit SysTick (Arm DDI 0403, B3.3): the counter gives the low bits, its interrupt
 * counts the wraps.
 *
 * The counter runs down 0, 0xFFFFFF, … 1, 0; reaching 0 makes the interrupt pending. So a period of 2^24 ticks starts
 * with the value 0, and -value mod 2^24 is the position in it. */
#include "cortex_m.h"

#define SYST_CSR FP_REG(0xE000E010u)
#define SYST_RVR FP_REG(0xE000E014u)
#define SYST_CVR FP_REG(0xE000E018u)
#define SCB_ICSR FP_REG(0xE000ED04u)
#define CSR_ENABLE (1u << 0)
#define CSR_TICKINT (1u << 1)
#define CSR_CORE_CLOCK (1u << 2)
#define ICSR_PENDSTSET (1u << 26)
#define COUNTER_MASK 0xFFFFFFu

static volatile uint32_t wraps;

void fp_systick_handler(void) {
    wraps = wraps + 1u;
}

void fp_systick_init(void) {
    SYST_RVR = COUNTER_MASK;
    SYST_CVR = 0;
    SYST_CSR = CSR_ENABLE | CSR_TICKINT | CSR_CORE_CLOCK;
}

/* A wrap between masking and reading is seen as a pending interrupt; reading again then gives a value from after it. */
uint64_t fp_systick_now(void) {
    uint32_t primask = fp_irq_mask();
    uint32_t periods = wraps;
    uint32_t value = SYST_CVR;
    if ((SCB_ICSR & ICSR_PENDSTSET) != 0) {
        value = SYST_CVR;
        periods++;
    }
    fp_irq_restore(primask);
    return ((uint64_t)periods << 24) + ((0u - value) & COUNTER_MASK);
}
