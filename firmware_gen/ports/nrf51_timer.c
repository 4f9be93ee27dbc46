/* A 64-bit tick counter from the nRF51's TIMER0, for that chip's core has no SysTick. Registers: nRF51 Series Reference
 * Manual 3.0, chapter 18.
 *
 * TIMER0 counts 32 bits at 16 MHz. Wraps are counted where the counter is read: once in 268 s, or one is lost. It takes
 * SysTick's functions, the interrupt's place in the vector table included. */
#include "cortex_m.h"

#define TIMER_BASE 0x40008000u
#define TASKS_START FP_REG(TIMER_BASE + 0x000u)
#define TASKS_STOP FP_REG(TIMER_BASE + 0x004u)
#define TASKS_CLEAR FP_REG(TIMER_BASE + 0x00Cu)
#define TASKS_CAPTURE1 FP_REG(TIMER_BASE + 0x044u)
#define TIMER_MODE FP_REG(TIMER_BASE + 0x504u)
#define TIMER_BITMODE FP_REG(TIMER_BASE + 0x508u)
#define TIMER_PRESCALER FP_REG(TIMER_BASE + 0x510u)
#define TIMER_CC1 FP_REG(TIMER_BASE + 0x544u)
#define MODE_TIMER 0u
#define BITMODE_32 3u

static uint32_t wraps, latest;

void fp_systick_handler(void) {
}

void fp_systick_init(void) {
    TASKS_STOP = 1;
    TIMER_MODE = MODE_TIMER;
    TIMER_BITMODE = BITMODE_32;
    TIMER_PRESCALER = 0;
    TASKS_CLEAR = 1;
    TASKS_START = 1;
}

uint64_t fp_systick_now(void) {
    const uint32_t primask = fp_irq_mask();
    TASKS_CAPTURE1 = 1;
    const uint32_t now = TIMER_CC1;
    wraps += now < latest ? 1u : 0u;
    latest = now;
    const uint64_t ticks = ((uint64_t)wraps << 32) | now;
    fp_irq_restore(primask);
    return ticks;
}
