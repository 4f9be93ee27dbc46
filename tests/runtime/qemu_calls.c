/* Calls into the runtime on QEMU's mps3-an547, as a list in memory tells; the memory goes back to a file.
 *
 * The tests put the list and all data behind it at LIST (board's DDR) before reset. Ticks are those of a SysTick at 32
 * MHz, one every 31.25 instructions under `-icount shift=0`. */
#include <stdint.h>

#include "fp_add.h"
#include "fp_conv.h"
#include "fp_pool.h"

#define REG(address) (*(volatile uint32_t *)(uintptr_t)(address))
#define LIST ((call_list *)(uintptr_t)0x60000000u)
#define STACK_TOP 0x20008000u
#define SYSTICK_MASK 0xFFFFFFu
#define SYS_OPEN 1u
#define SYS_WRITE 5u
#define SYS_EXIT 0x18u
#define APPLICATION_EXIT 0x20026u
#define OPEN_WRITE_BINARY 5u

typedef struct call {
    uint32_t function; /* of the table below */
    uint32_t arguments[4];
    int32_t value;
    uint32_t ticks;
} call;

typedef struct call_list {
    uint32_t bytes; /* of everything, to be written back */
    uint32_t count;
    char path[248];
    call calls[];
} call_list;

void start(void);
int main(void);

typedef int32_t function4(uint32_t a, uint32_t b, uint32_t c, uint32_t d);

static const struct {
    const uint32_t stack;
    void (*const reset)(void);
} vectors __attribute__((section(".vectors"), used)) = {STACK_TOP, start};

static uint32_t semihost(uint32_t operation, const void *argument) {
    register uint32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

static void write_back(void) {
    uint32_t length = 0;
    while (LIST->path[length] != 0) {
        length++;
    }
    const uint32_t name[] = {(uint32_t)(uintptr_t)LIST->path, OPEN_WRITE_BINARY, length};
    const uint32_t data[] = {semihost(SYS_OPEN, name), (uint32_t)(uintptr_t)LIST, LIST->bytes};
    semihost(SYS_WRITE, data);
}

static function4 *const functions[] = {
    (function4 *)(uintptr_t)fp_conv_run,
    (function4 *)(uintptr_t)fp_add_run,
    (function4 *)(uintptr_t)fp_pool_run,
};

int main(void) {
    REG(0xE000E014u) = SYSTICK_MASK;
    REG(0xE000E018u) = 0;
    REG(0xE000E010u) = 5;
    for (uint32_t i = 0; i < LIST->count; i++) {
        call *const one = &LIST->calls[i];
        const uint32_t *const a = one->arguments;
        const uint32_t before = REG(0xE000E018u);
        one->value = functions[one->function](a[0], a[1], a[2], a[3]);
        one->ticks = (before - REG(0xE000E018u)) & SYSTICK_MASK;
    }
    write_back();
    semihost(SYS_EXIT, (const void *)(uintptr_t)APPLICATION_EXIT);
    return 0;
}

/* MVE needs the coprocessors that the FPU has. */
void start(void) {
    REG(0xE000ED88u) |= 0xFu << 20;
    __asm__ volatile("dsb\n\tisb" ::: "memory");
    (void)main();
    for (;;) {
    }
}
