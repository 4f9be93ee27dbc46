/* Walking a list of taps for runs of neighbouring outputs, four in a vector and up to seven vectors at a time. */
#ifndef FP_MVE_WALK_H
#define FP_MVE_WALK_H

#include <stddef.h>
#include <stdint.h>

#include "fp_conv_runs.h"
#include "fp_mve.h"
#include "fp_requant.h"
#include "fp_taps.h"

/* Outputs of the largest block. */
#define FP_MVE_BLOCK 28u

/* Three windows more are read than there are outputs, at most; the arena has FP_ARENA_SLACK bytes to spare. */
#define FP_MVE_STRIDE_MAX 5u

/* An output channel over a list of taps. */
typedef struct fp_mve_filter {
    const fp_tap *taps;
    int32_t bias;
    uint32_t stride; /* bytes from an output's window to the next one's */
    fp_requant_short requant;
} fp_mve_filter;

/* Both variants define
 *
 *   static inline void fp_mve_walk(const fp_mve_filter *filter, const int8_t *window, int8_t *out,
 *                                  const fp_conv_rows *rows);
 *       rows of outputs, saturated to int8; reads as far as three windows past the last of a row
 */
#if FP_MVE_INSTRUCTIONS

/* Sums lie in q0 and up, q7 takes what is loaded: bytes, widened to words on the way. */

/* tap <- next; at <- its input; carry set: it was FP_TAP_END, whose offset is -1. */
#define FP_MVE_NEXT_TAP                                                                                                \
    "ldr %[tap], [%[taps]], #4\n\t"                                                                                    \
    "adds %[at], %[window], %[tap], asr #9\n\t"

#define FP_MVE_START(sum, place) "vdup.32 " sum ", %[tap]\n\t"

/* Four neighbouring bytes, `place` bytes on, against the weight. */
#define FP_MVE_MULTIPLY(sum, place)                                                                                    \
    "vldrb.s32 q7, [%[at], #" place "]\n\t"                                                                            \
    "vmla.s32 " sum ", q7, %[tap]\n\t"

/* Four bytes `stride` apart; q5 and q6 have their places. */
#define FP_MVE_MULTIPLY_AT(sum, places)                                                                                \
    "vldrb.s32 q7, [%[at], " places "]\n\t"                                                                            \
    "vmla.s32 " sum ", q7, %[tap]\n\t"
#define FP_MVE_STRIDED_1 FP_MVE_MULTIPLY_AT("q0", "q6")
#define FP_MVE_STRIDED_2 FP_MVE_MULTIPLY_AT("q0", "q6") FP_MVE_MULTIPLY_AT("q1", "q5")
#define FP_MVE_STRIDED_4                                                                                               \
    FP_MVE_STRIDED_2 "add %[at], %[at], %[stride], lsl #3\n\t" FP_MVE_MULTIPLY_AT("q2", "q6")                          \
        FP_MVE_MULTIPLY_AT("q3", "q5")

/* fp_requant_short_apply: VQRDMLAH rounds the doubled product and adds the sum so far in one. Saturated to int8. The
 * exponent lies in `tap`, addend and multiplier in `at` and `taps`. */
#define FP_MVE_REQUANTIZE(sum)                                                                                         \
    "vshr.s32 q7, " sum ", #31\n\t"                                                                                    \
    "vadd.i32 q7, q7, %[at]\n\t"                                                                                       \
    "vqrdmlah.s32 q7, " sum ", %[taps]\n\t"                                                                            \
    "vshl.s32 q7, %[tap]\n\t"                                                                                          \
    "vqmovnb.s32 q7, q7\n\t"                                                                                           \
    "vqmovnb.s16 q7, q7\n\t"

#define FP_MVE_STORE(sum, place) FP_MVE_REQUANTIZE(sum) "vstrb.32 q7, [%[out], #" place "]\n\t"

/* Of the last vector only as many as there are. */
#define FP_MVE_STORE_LAST(sum, place)                                                                                  \
    FP_MVE_REQUANTIZE(sum)                                                                                             \
    "vctp.32 %[left]\n\t"                                                                                              \
    "vpst\n\t"                                                                                                         \
    "vstrbt.32 q7, [%[out], #" place "]"

/* What blocks of one, two, four and seven vectors have in common. */
#define FP_MVE_1(do_, last) last("q0", "0")
#define FP_MVE_2(do_, last) do_("q0", "0") last("q1", "4")
#define FP_MVE_4(do_, last) do_("q0", "0") do_("q1", "4") do_("q2", "8") last("q3", "12")
#define FP_MVE_7(do_, last)                                                                                            \
    do_("q0", "0") do_("q1", "4") do_("q2", "8") do_("q3", "12") do_("q4", "16") do_("q5", "20") last("q6", "24")

/* What is left of rows behind some columns; nothing if `count` is not above 0. */
typedef struct fp_mve_rest {
    const int8_t *window;
    int8_t *out;
    int32_t count; /* a row */
} fp_mve_rest;

/* Blocks of `lanes` outputs, row after row, while they need no vector less; of the last vector only what is left is
 * stored. */
#define FP_MVE_BLOCKS(lanes, before, vectors, multiply)                                                                \
    fp_mve_rest end = *rest;                                                                                           \
    const int8_t *row_window = rest->window;                                                                           \
    int8_t *row_out = rest->out;                                                                                       \
    for (uint32_t row = 0; row < rows->rows; row++) {                                                                  \
        end.window = row_window;                                                                                       \
        end.out = row_out;                                                                                             \
        end.count = rest->count;                                                                                       \
        do {                                                                                                           \
            const fp_tap *taps = filter->taps;                                                                         \
            uint32_t tap, address;                                                                                     \
            __asm__ volatile(                                                                                          \
                before "ldr %[tap], [%[filter], %[bias]]\n\t" vectors(FP_MVE_START, FP_MVE_START) FP_MVE_NEXT_TAP      \
                "1:\n\t"                                                                                               \
                "sbfx %[tap], %[tap], #1, #8\n\t" multiply FP_MVE_NEXT_TAP "bcc 1b\n\t"                                \
                "ldr %[tap], [%[filter], %[exponent]]\n\t"                                                             \
                "ldr %[at], [%[filter], %[addend]]\n\t"                                                                \
                "ldr %[taps], [%[filter], %[multiplier]]\n\t"                                                          \
                "rsb %[tap], %[tap], #0\n\t" vectors(FP_MVE_STORE, FP_MVE_STORE_LAST)                                  \
                : [taps] "+r"(taps), [tap] "=&Te"(tap), [at] "=&l"(address)                                            \
                : [window] "r"(end.window), [out] "l"(end.out), [left] "r"(end.count - ((lanes) - 4)),                 \
                  [filter] "r"(filter), [stride] "r"(filter->stride), [bias] "i"(offsetof(fp_mve_filter, bias)),       \
                  [exponent] "i"(offsetof(fp_mve_filter, requant.exponent)),                                           \
                  [addend] "i"(offsetof(fp_mve_filter, requant.addend)),                                               \
                  [multiplier] "i"(offsetof(fp_mve_filter, requant.multiplier))                                        \
                : "cc", "memory", "q0", "q1", "q2", "q3", "q4", "q5", "q6", "q7");                                     \
            end.window += (lanes) * filter->stride;                                                                    \
            end.out += (lanes);                                                                                        \
            end.count -= (lanes);                                                                                      \
        } while (end.count > (lanes) - 4);                                                                             \
        row_window += rows->down;                                                                                      \
        row_out += rows->pitch;                                                                                        \
    }                                                                                                                  \
    rest->window += end.window - (row_window - rows->down);                                                            \
    rest->out += end.out - (row_out - rows->pitch);                                                                    \
    rest->count = end.count

__attribute__((noinline)) static void fp_mve_near7(const fp_mve_filter *filter, const fp_conv_rows *rows,
                                                   fp_mve_rest *rest) {
    FP_MVE_BLOCKS(28, "", FP_MVE_7, FP_MVE_7(FP_MVE_MULTIPLY, FP_MVE_MULTIPLY));
}

__attribute__((noinline)) static void fp_mve_near4(const fp_mve_filter *filter, const fp_conv_rows *rows,
                                                   fp_mve_rest *rest) {
    FP_MVE_BLOCKS(16, "", FP_MVE_4, FP_MVE_4(FP_MVE_MULTIPLY, FP_MVE_MULTIPLY));
}

__attribute__((noinline)) static void fp_mve_near2(const fp_mve_filter *filter, const fp_conv_rows *rows,
                                                   fp_mve_rest *rest) {
    FP_MVE_BLOCKS(8, "", FP_MVE_2, FP_MVE_2(FP_MVE_MULTIPLY, FP_MVE_MULTIPLY));
}

__attribute__((noinline)) static void fp_mve_near1(const fp_mve_filter *filter, const fp_conv_rows *rows,
                                                   fp_mve_rest *rest) {
    FP_MVE_BLOCKS(4, "", FP_MVE_1, FP_MVE_1(FP_MVE_MULTIPLY, FP_MVE_MULTIPLY));
}

/* q6 <- 0, stride, 2 * stride, 3 * stride; q5 the next four. */
#define FP_MVE_PLACES                                                                                                  \
    "mov %[tap], #0\n\t"                                                                                               \
    "vidup.u32 q6, %[tap], #1\n\t"                                                                                     \
    "vmul.i32 q6, q6, %[stride]\n\t"                                                                                   \
    "lsl %[tap], %[stride], #2\n\t"                                                                                    \
    "vadd.i32 q5, q6, %[tap]\n\t"

__attribute__((noinline)) static void fp_mve_strided4(const fp_mve_filter *filter, const fp_conv_rows *rows,
                                                      fp_mve_rest *rest) {
    FP_MVE_BLOCKS(16, FP_MVE_PLACES, FP_MVE_4, FP_MVE_STRIDED_4);
}

__attribute__((noinline)) static void fp_mve_strided2(const fp_mve_filter *filter, const fp_conv_rows *rows,
                                                      fp_mve_rest *rest) {
    FP_MVE_BLOCKS(8, FP_MVE_PLACES, FP_MVE_2, FP_MVE_STRIDED_2);
}

__attribute__((noinline)) static void fp_mve_strided1(const fp_mve_filter *filter, const fp_conv_rows *rows,
                                                      fp_mve_rest *rest) {
    FP_MVE_BLOCKS(4, FP_MVE_PLACES, FP_MVE_1, FP_MVE_STRIDED_1);
}

static inline void fp_mve_walk(const fp_mve_filter *filter, const int8_t *window, int8_t *out,
                               const fp_conv_rows *rows) {
    const int near = filter->stride == 1u;
    fp_mve_rest rest = {window, out, (int32_t)rows->count};
    if (near && rest.count > 24) {
        fp_mve_near7(filter, rows, &rest);
    }
    if (rest.count > 12) {
        (near ? fp_mve_near4 : fp_mve_strided4)(filter, rows, &rest);
    }
    if (rest.count > 4) {
        (near ? fp_mve_near2 : fp_mve_strided2)(filter, rows, &rest);
    }
    if (rest.count > 0) {
        (near ? fp_mve_near1 : fp_mve_strided1)(filter, rows, &rest);
    }
}

#else

static inline int8_t fp_mve_output(const fp_mve_filter *filter, const int8_t *window) {
    uint32_t sum = (uint32_t)filter->bias;
    const fp_tap *list = filter->taps;
    for (fp_tap tap = *list; tap != FP_TAP_END; tap = *++list) {
        sum += (uint32_t)(FP_TAP_WEIGHT(tap) * window[FP_TAP_OFFSET(tap)]);
    }
    return fp_clamp(fp_requant_short_apply(&filter->requant, 2 * (int32_t)sum), INT8_MIN, INT8_MAX);
}

static inline void fp_mve_walk(const fp_mve_filter *filter, const int8_t *window, int8_t *out,
                               const fp_conv_rows *rows) {
    for (uint32_t row = 0; row < rows->rows; row++) {
        for (uint32_t i = 0; i < rows->count; i++) {
            out[i] = fp_mve_output(filter, window + i * filter->stride);
        }
        window += rows->down;
        out += rows->pitch;
    }
}

#endif
#endif
