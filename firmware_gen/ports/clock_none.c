/* Boards whose core runs at its final frequency from reset. */
#include "cortex_m.h"

fp_clocks fp_clock_init(void) {
    fp_clocks clocks = {FP_CORE_CLOCK_HZ, {FP_CORE_CLOCK_HZ, FP_CORE_CLOCK_HZ}};
    return clocks;
}
