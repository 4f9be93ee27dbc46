/* Stands in for cortex_m.h when systick.c runs on the host: every register access takes one tick of a simulated SysTick
 * whose interrupt is taken at once unless it is masked. */
#ifndef FP_CORTEX_M_H
#define FP_CORTEX_M_H

#include <stdint.h>

#define FP_REG(address) (*fake_register(address))

void fp_systick_init(void);
uint64_t fp_systick_now(void);
void fp_systick_handler(void);
void fake_set_time(uint64_t ticks);
uint64_t fake_time(void);

static uint64_t fake_ticks;
static int fake_masked, fake_pending;

static inline void fake_take_interrupt(void) {
    if (fake_pending && !fake_masked) {
        fake_pending = 0;
        fp_systick_handler();
    }
}

static inline void fake_step(void) {
    fake_ticks++;
    if ((fake_ticks & 0xFFFFFFu) == 0) {
        fake_pending = 1;
    }
    fake_take_interrupt();
}

static inline volatile uint32_t *fake_register(uint32_t address) {
    static uint32_t value;
    fake_step();
    value = address == 0xE000E018u ? (uint32_t)(0u - fake_ticks) & 0xFFFFFFu : fake_pending ? 1u << 26 : 0;
    return &value;
}

static inline uint32_t fp_irq_mask(void) {
    fake_step();
    fake_masked = 1;
    return 0;
}

static inline void fp_irq_restore(uint32_t primask) {
    (void)primask;
    fake_masked = 0;
    fake_take_interrupt();
    fake_step();
}

uint64_t fake_time(void) {
    return fake_ticks;
}

/* From zero: as many wraps as have happened have been counted. */
void fake_set_time(uint64_t ticks) {
    while (fake_ticks >> 24 < ticks >> 24) {
        fake_ticks = (fake_ticks | 0xFFFFFFu);
        fake_step();
    }
    fake_ticks = ticks;
}

#endif
