/* The nRF52's watchdog, which once started runs until the next reset. Registers: nRF52840 Product
 * Specification, 6.36.4. It counts at 32768 Hz, while the core sleeps too, but not while a debugger halts it. */
#include "cortex_m.h"

#define TASKS_START FP_REG(0x40010000u)
#define WDT_CRV FP_REG(0x40010504u)
#define WDT_RREN FP_REG(0x40010508u)
#define WDT_CONFIG FP_REG(0x4001050Cu)
#define WDT_RR0 FP_REG(0x40010600u)
#define CONFIG_RUN_IN_SLEEP 1u
#define RR_FEED 0x6E524635u

_Static_assert(FP_WATCHDOG_TIMEOUT_MS >= 100 && FP_WATCHDOG_TIMEOUT_MS <= 131000,
               "watchdog.timeout_ms must be 100 to 131000");

void fp_watchdog_init(void) {
    WDT_CONFIG = CONFIG_RUN_IN_SLEEP;
    WDT_CRV = FP_WATCHDOG_TIMEOUT_MS * 32768u / 1000u - 1u;
    WDT_RREN = 1;
    TASKS_START = 1;
}

void fp_watchdog_feed(void) {
    WDT_RR0 = RR_FEED;
}
