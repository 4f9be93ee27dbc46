/* From reset to main(): vector table, FPU, memory initialisation, stack painting.
 *
 * The stack lies at the very start of RAM (see the linker script): an overflow leaves RAM and faults. */
#include <stddef.h>

#include "cortex_m.h"

#define SCB_VTOR FP_REG(0xE000ED08u)
#define SCB_CPACR FP_REG(0xE000ED88u)
#define CPACR_FULL_FPU (0xFu << 20)
#define STACK_PAINT 0xA5C35A3Cu
#define SYSTEM_VECTORS 16

typedef void (*fp_vector)(void);

/* From the linker script. */
extern uint32_t fp_stack_bottom[], fp_stack_top[];
extern uint32_t fp_data_start[], fp_data_end[];
extern const uint32_t fp_data_image[];
extern uint32_t fp_bss_start[], fp_bss_end[];
extern uint32_t fp_second_start[], fp_second_end[];

int main(void);
void Reset_Handler(void);

typedef struct fp_vector_table {
    uint32_t *initial_stack;
    fp_vector handlers[SYSTEM_VECTORS - 1 + FP_CORE_IRQ_COUNT];
} fp_vector_table;

/* handlers[n] serves exception n + 1. A device interrupt without an entry is never enabled. */
__attribute__((section(".vectors"), used)) static const fp_vector_table vectors = {
    fp_stack_top,
    {
        [0] = Reset_Handler,
        [1] = fp_fault_handler,  /* NMI */
        [2] = fp_fault_handler,  /* HardFault */
        [3] = fp_fault_handler,  /* MemManage */
        [4] = fp_fault_handler,  /* BusFault */
        [5] = fp_fault_handler,  /* UsageFault */
        [10] = fp_fault_handler, /* SVCall */
        [11] = fp_fault_handler, /* DebugMonitor */
        [13] = fp_fault_handler, /* PendSV */
        [14] = fp_systick_handler,
        [SYSTEM_VECTORS - 1 + FP_UART_IRQ] = fp_uart_handler,
    },
};

static uint32_t *stack_pointer(void) {
    uint32_t *address;
    __asm volatile("mov %0, sp" : "=r"(address));
    return address;
}

/* Everything below the stack pointer is free; volatile keeps the loops from becoming calls that would use it. */
static void paint_stack(void) {
    volatile uint32_t *end = stack_pointer();
    for (volatile uint32_t *word = fp_stack_bottom; word < end; word++) {
        *word = STACK_PAINT;
    }
}

uint32_t fp_stack_used(void) {
    const volatile uint32_t *word = fp_stack_bottom;
    while (word < fp_stack_top && *word == STACK_PAINT) {
        word++;
    }
    return (uint32_t)((uintptr_t)fp_stack_top - (uintptr_t)word);
}

static void clear(volatile uint32_t *word, const volatile uint32_t *end) {
    for (; word < end; word++) {
        *word = 0;
    }
}

static void initialise_memory(void) {
    const volatile uint32_t *image = fp_data_image;
    for (volatile uint32_t *word = fp_data_start; word < fp_data_end; word++) {
        *word = *image++;
    }
    clear(fp_bss_start, fp_bss_end);
    clear(fp_second_start, fp_second_end);
}

/* Not inlined: its prologue may already use FPU registers. */
__attribute__((noinline, noreturn)) static void start(void) {
    paint_stack();
    initialise_memory();
    (void)main();
    fp_stop();
    for (;;) {
    }
}

void Reset_Handler(void) {
    SCB_VTOR = (uint32_t)(uintptr_t)&vectors;
#if FP_CORE_HAS_FPU
    SCB_CPACR = SCB_CPACR | CPACR_FULL_FPU;
    __asm volatile("dsb\n\tisb" ::: "memory");
#endif
    start();
}
