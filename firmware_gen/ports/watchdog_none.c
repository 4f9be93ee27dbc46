/* Boards without a [watchdog] section. */
#include "cortex_m.h"

void fp_watchdog_init(void) {
}

void fp_watchdog_feed(void) {
}
