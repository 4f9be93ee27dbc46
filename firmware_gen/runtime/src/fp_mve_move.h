/* Moving short pieces of memory. */
#ifndef FP_MVE_MOVE_H
#define FP_MVE_MOVE_H

#include <stdint.h>
#include <string.h>

#include "fp_mve.h"

/* `count` (not 0) bytes from `from` to `to`, which lies before it. */
static inline void fp_mve_move(int8_t *to, const int8_t *from, uint32_t count) {
#if FP_MVE_INSTRUCTIONS
    __asm__ volatile("dlstp.8 lr, %[count]\n"
                     "1:\n\t"
                     "vldrb.u8 q0, [%[from]], #16\n\t"
                     "vstrb.8 q0, [%[to]], #16\n\t"
                     "letp lr, 1b"
                     : [from] "+r"(from), [to] "+r"(to)
                     : [count] "r"(count)
                     : "cc", "memory", "lr", "q0");
#else
    memmove(to, from, count);
#endif
}

/* Set `count` bytes, maybe none. */
static inline void fp_mve_fill(int8_t *to, int8_t value, uint32_t count) {
#if FP_MVE_INSTRUCTIONS
    if (count == 0) {
        return;
    }
    __asm__ volatile("vdup.8 q0, %[value]\n\t"
                     "dlstp.8 lr, %[count]\n"
                     "1:\n\t"
                     "vstrb.8 q0, [%[to]], #16\n\t"
                     "letp lr, 1b"
                     : [to] "+r"(to)
                     : [count] "r"(count), [value] "r"(value)
                     : "cc", "memory", "lr", "q0");
#else
    memset(to, value, count);
#endif
}

#endif
