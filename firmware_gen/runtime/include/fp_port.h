/* What the device application needs from a board: one struct of functions, filled in by ports/. */
#ifndef FP_PORT_H
#define FP_PORT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The latest fault since power-up, as the core described it; `count` is 0 where there was none. */
typedef struct fp_fault {
    uint32_t count;       /* faults since power-up */
    uint32_t exception;   /* its number: 3 a hard fault */
    uint32_t status;      /* CFSR */
    uint32_t hard_status; /* HFSR */
    uint32_t address;     /* what was accessed, where the core knows; else 0 */
    uint32_t pc;          /* instruction; 0 where the stack was lost */
    uint32_t lr;          /* where it would have returned to; 0 where the stack was lost */
    uint32_t sp;          /* stack pointer in the handler */
} fp_fault;

typedef struct fp_port {
    void *context; /* handed to every function */
    /* Copy at most `capacity` received bytes to `bytes`; returns how many (0 when none wait). Never blocks. */
    size_t (*read)(void *context, uint8_t *bytes, size_t capacity);
    /* Send all bytes; may block for as long as the line takes. */
    void (*write)(void *context, const uint8_t *bytes, size_t length);
    /* Sleep until bytes may have arrived; may return early. */
    void (*wait)(void *context);
    /* A free-running counter of `tick_hz` ticks a second that does not wrap within a run. */
    uint64_t (*ticks)(void *context);
    uint32_t tick_hz;
    /* Deepest stack use since reset in bytes; 0: this board does not measure it. */
    uint32_t (*stack_used)(void *context);
    /* Bytes lost since reset because the receive ring was full, or by overrun. */
    uint32_t (*rx_lost)(void *context);
    const char *board;     /* board name, at most 31 characters */
    const fp_fault *fault; /* NULL: this board keeps no record of faults */
} fp_port;

#ifdef __cplusplus
}
#endif
#endif
