/* What a fault leaves behind: a record in RAM that no start-up code touches, read over the link after the reset.
 *
 * On power-up RAM holds anything, so the record carries a check. A fault ends in a reset; one that follows another
 * before the application has slept once counts into a streak, and after some of those the board stops instead, so that
 * a firmware that cannot start does not try for ever. System registers: Arm DDI 0403, B3.2. */
#include <stddef.h>

#include "cortex_m.h"

#define SCB_AIRCR FP_REG(0xE000ED0Cu)
#define SCB_CFSR FP_REG(0xE000ED28u)
#define SCB_HFSR FP_REG(0xE000ED2Cu)
#define SCB_MMFAR FP_REG(0xE000ED34u)
#define SCB_BFAR FP_REG(0xE000ED38u)
#define AIRCR_RESET 0x05FA0004u
#define CFSR_MMARVALID (1u << 7)
#define CFSR_BFARVALID (1u << 15)
#define FRAME_LR 5
#define FRAME_PC 6
#define FRAME_BYTES 32u
#define LARGEST_STREAK 3u
#define RECORD_MAGIC 0x46504661u

/* From the linker script. */
extern uint32_t fp_stack_bottom[], fp_stack_top[];

typedef struct fp_fault_record {
    uint32_t magic;
    uint32_t streak;
    fp_fault fault;
    uint32_t check;
} fp_fault_record;

__attribute__((section(".noinit"))) static fp_fault_record record;

/* Everything in front of the check, mixed: a single changed word changes it. */
static uint32_t check_of(const fp_fault_record *of) {
    const uint32_t *words = (const uint32_t *)(const void *)of;
    uint32_t sum = 0;
    for (size_t i = 0; i < offsetof(fp_fault_record, check) / sizeof *words; i++) {
        sum = (sum ^ words[i]) * 2654435761u;
    }
    return sum;
}

static int is_kept(void) {
    return record.magic == RECORD_MAGIC && record.check == check_of(&record);
}

void fp_fault_init(void) {
    if (!is_kept()) {
        record = (fp_fault_record){.magic = RECORD_MAGIC};
        record.check = check_of(&record);
    }
}

const fp_fault *fp_fault_latest(void) {
    return &record.fault;
}

void fp_fault_survived(void) {
    if (record.streak != 0) {
        record.streak = 0;
        record.check = check_of(&record);
    }
}

void fp_stop(void) {
    for (;;) {
        __asm volatile("wfi");
    }
}

/* Armv6-M has no fault status. */
#if __ARM_ARCH >= 7
static uint32_t faulting_address(uint32_t status) {
    if ((status & CFSR_MMARVALID) != 0) {
        return SCB_MMFAR;
    }
    return (status & CFSR_BFARVALID) != 0 ? SCB_BFAR : 0;
}
#endif

/* `frame` is what the core pushed, where it could: after a stack overflow it lies outside the stack. */
__attribute__((used)) static void take_fault(const uint32_t *frame, uint32_t exception) {
    uintptr_t at = (uintptr_t)frame;
    int is_readable = at >= (uintptr_t)fp_stack_bottom && at + FRAME_BYTES <= (uintptr_t)fp_stack_top;
    fp_fault_init();
    record.streak++;
    record.fault.count++;
    record.fault.exception = exception;
#if __ARM_ARCH >= 7
    record.fault.status = SCB_CFSR;
    record.fault.hard_status = SCB_HFSR;
    record.fault.address = faulting_address(record.fault.status);
#endif
    record.fault.pc = is_readable ? frame[FRAME_PC] : 0;
    record.fault.lr = is_readable ? frame[FRAME_LR] : 0;
    record.fault.sp = (uint32_t)at;
    record.check = check_of(&record);
    if (record.streak < LARGEST_STREAK) {
        SCB_AIRCR = AIRCR_RESET;
        __asm volatile("dsb" ::: "memory");
    }
    fp_stop();
}

/* A stack that has run into its end is left: its top serves from here on, for nothing is gone back to. */
__attribute__((naked)) void fp_fault_handler(void) {
    __asm volatile("mrs r0, msp\n\t"
                   "mrs r1, ipsr\n\t"
                   "ldr r2, =fp_stack_bottom + 128\n\t"
                   "cmp r0, r2\n\t"
                   "bhs 1f\n\t"
                   "ldr r2, =fp_stack_top\n\t"
                   "msr msp, r2\n\t"
                   "1: ldr r2, =take_fault\n\t"
                   "bx r2\n\t"
                   ".ltorg");
}
