/* The STM32's independent watchdog, which once started runs until the next reset. Registers: RM0090, 21.4;
 * RM0385, 27.4. Its oscillator (LSI) is some 32 kHz, 17 to 47 kHz by the data sheet (DS8626, table 35); the time is
 * counted with the fastest, so that a board is never reset early. */
#include "cortex_m.h"

#define IWDG_KR FP_REG(0x40003000u)
#define IWDG_PR FP_REG(0x40003004u)
#define IWDG_RLR FP_REG(0x40003008u)
#define IWDG_SR FP_REG(0x4000300Cu)
#define KR_START 0xCCCCu
#define KR_UNLOCK 0x5555u
#define KR_FEED 0xAAAAu
#define PR_BY_256 6u
#define LARGEST_RLR 4095u
#define FASTEST_LSI_HZ 47000u
#define UPDATE_POLLS 100000u

#define RELOAD (FP_WATCHDOG_TIMEOUT_MS * (FASTEST_LSI_HZ / 256u) / 1000u)
_Static_assert(FP_WATCHDOG_TIMEOUT_MS >= 100, "watchdog.timeout_ms must be at least 100");
_Static_assert(RELOAD <= LARGEST_RLR, "watchdog.timeout_ms must be at most 22000");

void fp_watchdog_init(void) {
    IWDG_KR = KR_START;
    IWDG_KR = KR_UNLOCK;
    IWDG_PR = PR_BY_256;
    IWDG_RLR = RELOAD;
    for (uint32_t polls = 0; polls < UPDATE_POLLS && IWDG_SR != 0; polls++) {
    }
    IWDG_KR = KR_FEED;
}

void fp_watchdog_feed(void) {
    IWDG_KR = KR_FEED;
}
