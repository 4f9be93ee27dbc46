/* nRF51: the core runs at 16 MHz from reset; the crystal (HFXO) makes that exact enough for a serial line. Where it
 * does not start within a bound the internal oscillator goes on at the same frequency. Registers: nRF51 Series
 * Reference Manual 3.0, chapter 13 (CLOCK). */
#include "cortex_m.h"

#define TASKS_HFCLKSTART FP_REG(0x40000000u)
#define EVENTS_HFCLKSTARTED FP_REG(0x40000100u)
#define START_POLLS 25000u /* some 10 ms; the crystal starts in about 1 ms */

_Static_assert(FP_CORE_CLOCK_HZ == 16000000u, "core.clock_hz of an nRF51 is 16 MHz");

fp_clocks fp_clock_init(void) {
    fp_clocks clocks = {FP_CORE_CLOCK_HZ, {FP_CORE_CLOCK_HZ, FP_CORE_CLOCK_HZ}};
    EVENTS_HFCLKSTARTED = 0;
    TASKS_HFCLKSTART = 1;
    for (uint32_t polls = 0; polls < START_POLLS && EVENTS_HFCLKSTARTED == 0; polls++) {
    }
    return clocks;
}
