/* What a board gives the application, and what it wants from it. */
#ifndef FP_BOARD_H
#define FP_BOARD_H

#include <stdbool.h>

#include "fp_port.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Clocks, tick counter and serial port; called once, first thing in main(). */
void fp_board_init(void);

/* The board's functions; valid after fp_board_init. */
const fp_port *fp_board_port(void);

/* Fill `bytes` with random bits of the hardware, or of the host; returns false where there are none now. */
bool fp_board_random(uint8_t *bytes, uint32_t length);

/* On a host the port's own main() takes the TCP port from the command line and then calls the application's, so that
 * an application is written as `int main(void)` everywhere. */
#if !defined(__ARM_ARCH_PROFILE) || __ARM_ARCH_PROFILE != 'M'
#define main fp_application_main
int fp_application_main(void);
#endif

#ifdef __cplusplus
}
#endif
#endif
