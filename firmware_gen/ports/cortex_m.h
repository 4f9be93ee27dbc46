/* What the files of a Cortex-M board share: register access, interrupt masking, and the drivers' functions.
 * System registers: Armv7-M Architecture Reference Manual (Arm DDI 0403), chapter B3. */
#ifndef FP_CORTEX_M_H
#define FP_CORTEX_M_H

#include <stdint.h>

#include "board_config.h"
#include "fp_port.h"
#include "rx_ring.h"

#define FP_REG(address) (*(volatile uint32_t *)(uintptr_t)(address))

/* --- interrupts --- */

#define FP_NVIC_ISER(irq) FP_REG(0xE000E100u + 4u * ((irq) / 32u))

static inline void fp_irq_enable(uint32_t irq) {
    FP_NVIC_ISER(irq) = 1u << (irq % 32u);
}

/* Mask all interrupts; returns the state to give back to fp_irq_restore. */
static inline uint32_t fp_irq_mask(void) {
    uint32_t primask;
    __asm volatile("mrs %0, primask\n\tcpsid i" : "=r"(primask)::"memory");
    return primask;
}

static inline void fp_irq_restore(uint32_t primask) {
    __asm volatile("msr primask, %0\n\tisb" ::"r"(primask) : "memory");
}

/* --- clock_*.c --- */

typedef struct fp_clocks {
    uint32_t core_hz;   /* of the core and its SysTick */
    uint32_t apb_hz[2]; /* of the peripheral buses APB1 and APB2; chips without them: the core's */
} fp_clocks;

/* Set the clocks up as far as the hardware goes along; returns what really runs. */
fp_clocks fp_clock_init(void);

/* --- uart_*.c --- */

/* A poll takes several cycles, so this is a good part of a second: far longer than a byte takes on any line, and long
 * enough for an emulator whose host is slow to read. */
#define FP_PUT_POLLS(core_hz) ((core_hz) / 16u)

/* 8 data bits, no parity, 1 stop bit; received bytes go to fp_rx by interrupt FP_UART_IRQ. */
void fp_uart_init(const fp_clocks *clocks);

/* Send one byte; drops it when there is no room within FP_PUT_POLLS polls. */
void fp_uart_put(uint8_t byte);

/* The handler that the vector table names. */
void fp_uart_handler(void);

extern fp_rx_ring fp_rx;

/* --- watchdog_*.c --- */

/* From now on the board resets unless it is fed within watchdog.timeout_ms. */
void fp_watchdog_init(void);
void fp_watchdog_feed(void);

/* --- systick.c --- */

void fp_systick_init(void);
uint64_t fp_systick_now(void);
void fp_systick_handler(void);

/* --- fault.c --- */

/* The handler that the vector table names for faults: keeps a record, then resets the board. */
void fp_fault_handler(void);

/* Forget a record that is none; called once, before anything can be reported. */
void fp_fault_init(void);

/* The latest fault since power-up; its count is 0 where there was none. */
const fp_fault *fp_fault_latest(void);

/* The application runs: a later fault is a new one, not a start that failed again. */
void fp_fault_survived(void);

/* Sleep for ever. */
void fp_stop(void);

/* --- startup_cortex_m.c --- */

/* Deepest stack use since reset, in bytes. */
uint32_t fp_stack_used(void);

#endif
