/* The port of every Cortex-M board: drivers put behind fp_port. */
#include "board.h"
#include "cortex_m.h"
#include "fp_device.h"

_Static_assert(FP_RX_RING_BYTES >= FP_RX_WINDOW, "raise FP_RX_RING_BYTES: a host may send a whole window at once");

fp_rx_ring fp_rx;

static size_t read_bytes(void *context, uint8_t *bytes, size_t capacity) {
    (void)context;
    fp_watchdog_feed(); /* only the main loop does: a model that does not end is noticed */
    return fp_rx_ring_take(&fp_rx, bytes, capacity);
}

static void write_bytes(void *context, const uint8_t *bytes, size_t length) {
    (void)context;
    for (size_t i = 0; i < length; i++) {
        fp_uart_put(bytes[i]);
    }
}

/* With interrupts masked, a byte that arrives after the test still wakes WFI; its handler runs after the unmasking. */
static void wait_for_bytes(void *context) {
    (void)context;
    uint32_t primask = fp_irq_mask();
    fp_fault_survived();
    if (fp_rx_ring_is_empty(&fp_rx)) {
        __asm volatile("dsb\n\twfi" ::: "memory");
    }
    fp_irq_restore(primask);
}

static uint64_t ticks(void *context) {
    (void)context;
    return fp_systick_now();
}

static uint32_t stack_used(void *context) {
    (void)context;
    return fp_stack_used();
}

static uint32_t rx_lost(void *context) {
    (void)context;
    return fp_rx.lost;
}

static fp_port port = {
    .context = NULL,
    .read = read_bytes,
    .write = write_bytes,
    .wait = wait_for_bytes,
    .ticks = ticks,
    .tick_hz = FP_CORE_CLOCK_HZ,
    .stack_used = stack_used,
    .rx_lost = rx_lost,
    .board = FP_BOARD_NAME,
};

void fp_board_init(void) {
    fp_fault_init();
    port.fault = fp_fault_latest();
    fp_clocks clocks = fp_clock_init();
    port.tick_hz = clocks.core_hz;
    fp_systick_init();
    fp_uart_init(&clocks);
    fp_watchdog_init();
}

const fp_port *fp_board_port(void) {
    return &port;
}
