#include "fp_pool.h"

#include <stddef.h>

#include "fp_conv_kernel.h"
#include "fp_mve_pool.h"
#include "fp_requant.h"

/* The part of one output position's window that lies inside the input. */
typedef struct pool_window {
    const int8_t *first;
    uint32_t row_pitch;
    uint32_t height;
    uint32_t width;
} pool_window;

/* Along one axis: the first position inside the input, and how many there are. */
typedef struct pool_span {
    uint32_t start;
    uint32_t length;
} pool_span;

static pool_span clip_span(uint32_t output, uint32_t stride, uint32_t pad, uint32_t kernel, uint32_t size) {
    const uint32_t start = output * stride;
    const uint32_t end = start + kernel - pad; /* fp_pool_run checked that pad < kernel */
    pool_span span;
    span.start = start > pad ? start - pad : 0;
    span.length = (end < size ? end : size) - span.start;
    return span;
}

/* Ties away from zero. 255 * 255 values of at most 128 fit 32 bits. */
static int32_t average_of(const pool_window *window) {
    const int32_t count = (int32_t)(window->height * window->width);
    const int8_t *row = window->first;
    int32_t sum = 0;
    for (uint32_t y = 0; y < window->height; y++) {
        for (uint32_t x = 0; x < window->width; x++) {
            sum += row[x];
        }
        row += window->row_pitch;
    }
    return (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
}

static int32_t maximum_of(const pool_window *window) {
    const int8_t *row = window->first;
    int32_t best = INT8_MIN;
    for (uint32_t y = 0; y < window->height; y++) {
        for (uint32_t x = 0; x < window->width; x++) {
            best = row[x] > best ? row[x] : best;
        }
        row += window->row_pitch;
    }
    return best;
}

/* Places of sixteen windows fit 8 bits. */
#define MAX_STRIDE 17u

/* The largest of two by two, as most networks pool: no window is cut off. */
static int is_max_of_four(const fp_pool *pool) {
    return pool->kind == FP_POOL_MAX && pool->kernel_height == 2 && pool->kernel_width == 2 && pool->pad_top == 0 &&
           pool->pad_left == 0 && (pool->out.height - 1u) * pool->stride_height + 2u <= pool->in.height &&
           (pool->out.width - 1u) * pool->stride_width + 2u <= pool->in.width && pool->activation_min == INT8_MIN &&
           pool->activation_max == INT8_MAX && pool->stride_width <= MAX_STRIDE;
}

#if FP_MVE_KERNELS

/* How many rows one vector of outputs holds: as many as bytes and their 8-bit places allow. */
static uint32_t rows_a_vector(const fp_pool *pool) {
    const uint32_t down = pool->stride_height * (uint32_t)pool->in.row_pitch;
    const uint32_t along = (pool->out.width - 1u) * pool->stride_width;
    uint32_t rows = 1;
    while (rows < pool->out.height && (rows + 1u) * pool->out.width <= FP_MVE_BYTES &&
           rows * down + along <= UINT8_MAX && rows * pool->out.row_pitch + pool->out.width <= UINT8_MAX) {
        rows++;
    }
    return rows;
}

static void max_of_four(const fp_pool *pool, const int8_t *in, int8_t *out) {
    const uint32_t width = pool->out.width, height = pool->out.height, rows = rows_a_vector(pool);
    const uint32_t down = pool->stride_height * (uint32_t)pool->in.row_pitch, step = pool->stride_width;
    const uint32_t columns = width < FP_MVE_BYTES ? width : FP_MVE_BYTES;
    fp_mve_pool places;
    for (uint32_t i = 0; i < rows * columns; i++) {
        places.in[i] = (uint8_t)(i / columns * down + i % columns * step);
        places.out[i] = (uint8_t)(i / columns * pool->out.row_pitch + i % columns);
    }
    for (uint32_t y = 0; y < height; y += rows) {
        const uint32_t here = rows < height - y ? rows : height - y;
        for (uint32_t x = 0; x < width; x += columns) {
            const uint32_t count = columns < width - x ? columns : width - x;
            fp_mve_max_of_four(&places, pool->in.row_pitch, in + x * step, out + x, here * count);
        }
        in += rows * down;
        out += rows * pool->out.row_pitch;
    }
}

#else

static inline int8_t larger(int8_t a, int8_t b) {
    return a > b ? a : b;
}

static void max_of_four(const fp_pool *pool, const int8_t *in, int8_t *out) {
    const uint32_t pitch = pool->in.row_pitch, step = pool->stride_width;
    for (uint32_t y = 0; y < pool->out.height; y++) {
        const int8_t *window = in;
        int8_t *const end = out + pool->out.width;
        for (int8_t *to = out; to != end; to++) {
            *to = larger(larger(window[0], window[1]), larger(window[pitch], window[pitch + 1u]));
            window += step;
        }
        in += pool->stride_height * pitch;
        out += pool->out.row_pitch;
    }
}

#endif

static void pool_channel(const fp_pool *pool, const int8_t *in, int8_t *out) {
    pool_window window;
    window.row_pitch = pool->in.row_pitch;
    for (uint32_t y = 0; y < pool->out.height; y++) {
        const pool_span down = clip_span(y, pool->stride_height, pool->pad_top, pool->kernel_height, pool->in.height);
        window.height = down.length;
        for (uint32_t x = 0; x < pool->out.width; x++) {
            const pool_span along =
                clip_span(x, pool->stride_width, pool->pad_left, pool->kernel_width, pool->in.width);
            window.width = along.length;
            window.first = in + down.start * pool->in.row_pitch + along.start;
            const int32_t value = pool->kind == FP_POOL_MAX ? maximum_of(&window) : average_of(&window);
            out[x] = fp_clamp(value, pool->activation_min, pool->activation_max);
        }
        out += pool->out.row_pitch;
    }
}

/* Whether every window along one axis has a position inside the input. */
static int windows_meet(uint32_t outputs, uint32_t stride, uint32_t pad, uint32_t kernel, uint32_t size) {
    return stride > 0 && pad < kernel && (outputs - 1u) * stride < size + pad;
}

static fp_status check_pool(const fp_pool *pool) {
    if (fp_plane_check(&pool->in) != FP_OK || fp_plane_check(&pool->out) != FP_OK || pool->kind > FP_POOL_MAX ||
        pool->in.channels != pool->out.channels || pool->activation_min > pool->activation_max) {
        return FP_ERR_ARGUMENT;
    }
    if (!windows_meet(pool->out.height, pool->stride_height, pool->pad_top, pool->kernel_height, pool->in.height) ||
        !windows_meet(pool->out.width, pool->stride_width, pool->pad_left, pool->kernel_width, pool->in.width)) {
        return FP_ERR_ARGUMENT;
    }
    return FP_OK;
}

fp_status fp_pool_run(const fp_pool *pool, const int8_t *in, int8_t *out) {
    if (pool == NULL || in == NULL || out == NULL || check_pool(pool) != FP_OK) {
        return FP_ERR_ARGUMENT;
    }
    void (*const run)(const fp_pool *, const int8_t *, int8_t *) = is_max_of_four(pool) ? max_of_four : pool_channel;
    for (uint32_t c = 0; c < pool->out.channels; c++) {
        run(pool, in + pool->in.origin + (size_t)c * pool->in.channel_pitch,
            out + pool->out.origin + (size_t)c * pool->out.channel_pitch);
    }
    fp_plane_fill_halo(&pool->out, out);
    return FP_OK;
}
