/* nRF52: the core runs at 64 MHz from reset; the 32 MHz crystal (HFXO) makes that exact enough for a serial line. Where
 * it does not start within a bound the internal oscillator goes on at the same frequency. Registers: nRF52840 Product
 * Specification, 5.4 (CLOCK). */
#include "cortex_m.h"

#define TASKS_HFCLKSTART FP_REG(0x40000000u)
#define EVENTS_HFCLKSTARTED FP_REG(0x40000100u)
#define START_POLLS 50000u /* some 10 ms; the crystal starts in less than 1 ms (5.4.5, tSTART_HFXO) */

_Static_assert(FP_CORE_CLOCK_HZ == 64000000u, "core.clock_hz of an nRF52 is 64 MHz");

fp_clocks fp_clock_init(void) {
    fp_clocks clocks = {FP_CORE_CLOCK_HZ, {FP_CORE_CLOCK_HZ, FP_CORE_CLOCK_HZ}};
    EVENTS_HFCLKSTARTED = 0;
    TASKS_HFCLKSTART = 1;
    for (uint32_t polls = 0; polls < START_POLLS && EVENTS_HFCLKSTARTED == 0; polls++) {
    }
    return clocks;
}
