/* The vector kernels' loops in Armv8.1-M MVE instructions. Included by fp_mve.h only.
 *
 * One block of outputs is one asm statement: GCC 12 moves vectors about between intrinsics that overwrite an operand.
 * Sums lie in q0 and up, q7 takes what is loaded. Vectors are loaded as bytes and widened to words on the way.
 */
#ifndef FP_MVE_ARM_H
#define FP_MVE_ARM_H

#include <stddef.h>

/* tap <- next; at <- its input; carry set: it was FP_TAP_END, whose offset is -1. */
#define FP_MVE_NEXT_TAP                                                                                                \
    "ldr %[tap], [%[taps]], #4\n\t"                                                                                    \
    "adds %[at], %[window], %[tap], asr #9\n\t"

#define FP_MVE_START(sum, place) "vdup.32 " sum ", %[tap]\n\t"

/* Four neighbouring bytes, `place` bytes on, against the weight. */
#define FP_MVE_MULTIPLY(sum, place)                                                                                    \
    "vldrb.s32 q7, [%[at], #" place "]\n\t"                                                                            \
    "vmla.s32 " sum ", q7, %[tap]\n\t"

/* Four bytes `stride` apart (q6 has their places); moves on to the next ones. */
#define FP_MVE_MULTIPLY_STRIDED(sum, place)                                                                            \
    "vldrb.s32 q7, [%[at], q6]\n\t"                                                                                    \
    "vmla.s32 " sum ", q7, %[tap]\n\t"                                                                                 \
    "add %[at], %[at], %[stride], lsl #2\n\t"

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

/* Where a run has got to; `count` outputs are left, none if it is not above 0. */
typedef struct fp_mve_run {
    const int8_t *window;
    int8_t *out;
    int32_t count;
} fp_mve_run;

/* Blocks of `lanes` outputs while they need no vector less; of the last vector only what is left is stored. */
#define FP_MVE_BLOCKS(lanes, before, vectors, multiply)                                                                \
    do {                                                                                                               \
        const fp_tap *taps = filter->taps;                                                                             \
        uint32_t tap, address;                                                                                         \
        __asm__ volatile(                                                                                              \
            before "ldr %[tap], [%[filter], %[bias]]\n\t" vectors(FP_MVE_START, FP_MVE_START) FP_MVE_NEXT_TAP          \
            "1:\n\t"                                                                                                   \
            "sbfx %[tap], %[tap], #1, #8\n\t" vectors(multiply, multiply) FP_MVE_NEXT_TAP                              \
            "bcc 1b\n\t"                                                                                               \
            "ldr %[tap], [%[filter], %[exponent]]\n\t"                                                                 \
            "ldr %[at], [%[filter], %[addend]]\n\t"                                                                    \
            "ldr %[taps], [%[filter], %[multiplier]]\n\t"                                                              \
            "rsb %[tap], %[tap], #0\n\t" vectors(FP_MVE_STORE, FP_MVE_STORE_LAST)                                      \
            : [taps] "+r"(taps), [tap] "=&Te"(tap), [at] "=&l"(address)                                                \
            : [window] "r"(at.window), [out] "l"(at.out), [left] "r"(at.count - ((lanes) - 4)), [filter] "r"(filter),  \
              [stride] "r"(filter->stride), [bias] "i"(offsetof(fp_mve_filter, bias)),                                 \
              [exponent] "i"(offsetof(fp_mve_filter, requant.exponent)),                                               \
              [addend] "i"(offsetof(fp_mve_filter, requant.addend)),                                                   \
              [multiplier] "i"(offsetof(fp_mve_filter, requant.multiplier))                                            \
            : "cc", "memory", "q0", "q1", "q2", "q3", "q4", "q5", "q6", "q7");                                         \
        at.window += (lanes) * filter->stride;                                                                         \
        at.out += (lanes);                                                                                             \
        at.count -= (lanes);                                                                                           \
    } while (at.count > (lanes) - 4);                                                                                  \
    return at

__attribute__((noinline)) static fp_mve_run fp_mve_near7(const fp_mve_filter *filter, fp_mve_run at) {
    FP_MVE_BLOCKS(28, "", FP_MVE_7, FP_MVE_MULTIPLY);
}

__attribute__((noinline)) static fp_mve_run fp_mve_near4(const fp_mve_filter *filter, fp_mve_run at) {
    FP_MVE_BLOCKS(16, "", FP_MVE_4, FP_MVE_MULTIPLY);
}

__attribute__((noinline)) static fp_mve_run fp_mve_near2(const fp_mve_filter *filter, fp_mve_run at) {
    FP_MVE_BLOCKS(8, "", FP_MVE_2, FP_MVE_MULTIPLY);
}

__attribute__((noinline)) static fp_mve_run fp_mve_near1(const fp_mve_filter *filter, fp_mve_run at) {
    FP_MVE_BLOCKS(4, "", FP_MVE_1, FP_MVE_MULTIPLY);
}

/* q6 <- 0, stride, 2 * stride, 3 * stride. */
#define FP_MVE_PLACES                                                                                                  \
    "mov %[tap], #0\n\t"                                                                                               \
    "vidup.u32 q6, %[tap], #1\n\t"                                                                                     \
    "vmul.i32 q6, q6, %[stride]\n\t"

__attribute__((noinline)) static fp_mve_run fp_mve_strided4(const fp_mve_filter *filter, fp_mve_run at) {
    FP_MVE_BLOCKS(16, FP_MVE_PLACES, FP_MVE_4, FP_MVE_MULTIPLY_STRIDED);
}

__attribute__((noinline)) static fp_mve_run fp_mve_strided2(const fp_mve_filter *filter, fp_mve_run at) {
    FP_MVE_BLOCKS(8, FP_MVE_PLACES, FP_MVE_2, FP_MVE_MULTIPLY_STRIDED);
}

__attribute__((noinline)) static fp_mve_run fp_mve_strided1(const fp_mve_filter *filter, fp_mve_run at) {
    FP_MVE_BLOCKS(4, FP_MVE_PLACES, FP_MVE_1, FP_MVE_MULTIPLY_STRIDED);
}

static inline void fp_mve_walk(const fp_mve_filter *filter, const int8_t *window, int8_t *out, uint32_t count) {
    const int near = filter->stride == 1u;
    fp_mve_run at = {window, out, (int32_t)count};
    if (near && at.count > 24) {
        at = fp_mve_near7(filter, at);
    }
    if (at.count > 12) {
        at = near ? fp_mve_near4(filter, at) : fp_mve_strided4(filter, at);
    }
    if (at.count > 4) {
        at = near ? fp_mve_near2(filter, at) : fp_mve_strided2(filter, at);
    }
    if (at.count > 0) {
        (void)(near ? fp_mve_near1(filter, at) : fp_mve_strided1(filter, at));
    }
}

/* Eight taps a turn; the place of the next eight is 8 or, behind 16, 56 bytes on. */
static inline void fp_mve_copy_columns(const fp_places *at, const uint16_t *offsets, uint32_t count, int8_t *columns,
                                       uint32_t from) {
    int8_t *to = columns + FP_MVE_COLUMN(from);
    uint32_t step = from % 16u == 0 ? 8u : 56u;
    __asm__ volatile("dlstp.16 lr, %[count]\n"
                     "1:\n\t"
                     "vldrh.u16 q0, [%[offsets]], #16\n\t"
                     "vldrb.u16 q1, [%[w0], q0]\n\t"
                     "vstrb.16 q1, [%[to]]\n\t"
                     "vldrb.u16 q1, [%[w1], q0]\n\t"
                     "vstrb.16 q1, [%[to], #16]\n\t"
                     "vldrb.u16 q1, [%[w2], q0]\n\t"
                     "vstrb.16 q1, [%[to], #32]\n\t"
                     "vldrb.u16 q1, [%[w3], q0]\n\t"
                     "vstrb.16 q1, [%[to], #48]\n\t"
                     "add %[to], %[to], %[step]\n\t"
                     "eor %[step], %[step], #48\n\t"
                     "letp lr, 1b"
                     : [offsets] "+r"(offsets), [to] "+l"(to), [step] "+r"(step)
                     : [count] "r"(count), [w0] "r"(at->window[0]), [w1] "r"(at->window[1]), [w2] "r"(at->window[2]),
                       [w3] "r"(at->window[3])
                     : "cc", "memory", "lr", "q0", "q1");
}

/* The last turn loads, and multiplies, only as many bytes as are left. */
static inline void fp_mve_tile_row(const fp_mve_tile *tile, const uint8_t *row, const fp_places *at, int8_t *out) {
    const int8_t *columns = tile->columns;
    int32_t s0, s1, s2, s3;
    s0 = s1 = s2 = s3 = tile->bias;
    __asm__ volatile(
        "dlstp.8 lr, %[taps]\n"
        "1:\n\t"
        "vldrb.u8 q0, [%[row]], #16\n\t"
        "vldrw.u32 q1, [%[columns]], #64\n\t"
        "vldrw.u32 q2, [%[columns], #-48]\n\t"
        "vldrw.u32 q3, [%[columns], #-32]\n\t"
        "vmladava.s8 %[s0], q0, q1\n\t"
        "vldrw.u32 q1, [%[columns], #-16]\n\t"
        "vmladava.s8 %[s1], q0, q2\n\t"
        "vmladava.s8 %[s2], q0, q3\n\t"
        "vmladava.s8 %[s3], q0, q1\n\t"
        "letp lr, 1b\n\t"
        "vmov q0[2], q0[0], %[s0], %[s2]\n\t"
        "vmov q0[3], q0[1], %[s1], %[s3]\n\t"
        "vldrw.u32 q3, [%[places]]\n\t"
        "vshr.s32 q1, q0, #31\n\t"
        "vadd.i32 q1, q1, %[addend]\n\t"
        "vqrdmlah.s32 q1, q0, %[multiplier]\n\t"
        "vshl.s32 q1, %[shift]\n\t"
        "vqmovnb.s32 q1, q1\n\t"
        "vqmovnb.s16 q1, q1\n\t"
        "vstrb.32 q1, [%[out], q3]"
        : [row] "+r"(row), [columns] "+r"(columns), [s0] "+Te"(s0), [s1] "+Te"(s1), [s2] "+Te"(s2), [s3] "+Te"(s3)
        : [taps] "r"(tile->taps), [places] "r"(at->out), [out] "r"(out), [addend] "r"(tile->requant.addend),
          [multiplier] "r"(tile->requant.multiplier), [shift] "r"(-tile->requant.exponent)
        : "cc", "memory", "lr", "q0", "q1", "q2", "q3");
}

static inline void fp_mve_add_rows(const uint8_t *row, uint32_t length, const int8_t *in, int32_t *sums) {
    int32_t s0 = sums[0], s1 = sums[1], s2 = sums[2], s3 = sums[3];
    const uint8_t *r0 = row, *r1 = r0 + length, *r2 = r1 + length, *r3 = r2 + length;
    __asm__ volatile("dlstp.8 lr, %[length]\n"
                     "1:\n\t"
                     "vldrb.u8 q0, [%[in]], #16\n\t"
                     "vldrb.u8 q1, [%[r0]], #16\n\t"
                     "vldrb.u8 q2, [%[r1]], #16\n\t"
                     "vmladava.s8 %[s0], q0, q1\n\t"
                     "vldrb.u8 q1, [%[r2]], #16\n\t"
                     "vmladava.s8 %[s1], q0, q2\n\t"
                     "vldrb.u8 q2, [%[r3]], #16\n\t"
                     "vmladava.s8 %[s2], q0, q1\n\t"
                     "vmladava.s8 %[s3], q0, q2\n\t"
                     "letp lr, 1b"
                     : [in] "+r"(in), [r0] "+r"(r0), [r1] "+r"(r1), [r2] "+r"(r2), [r3] "+r"(r3), [s0] "+Te"(s0),
                       [s1] "+Te"(s1), [s2] "+Te"(s2), [s3] "+Te"(s3)
                     : [length] "r"(length)
                     : "cc", "memory", "lr", "q0", "q1", "q2");
    sums[0] = s0;
    sums[1] = s1;
    sums[2] = s2;
    sums[3] = s3;
}

#endif
