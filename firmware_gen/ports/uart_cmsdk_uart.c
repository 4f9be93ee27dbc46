/* The UART of Arm's Cortex-M System Design Kit, as on MPS2 boards. Registers: Arm DDI 0479, 4.3. */
#include "cortex_m.h"

#define UART_DATA FP_REG(FP_UART_BASE + 0x00u)
#define UART_STATE FP_REG(FP_UART_BASE + 0x04u)
#define UART_CTRL FP_REG(FP_UART_BASE + 0x08u)
#define UART_INTCLEAR FP_REG(FP_UART_BASE + 0x0Cu)
#define UART_BAUDDIV FP_REG(FP_UART_BASE + 0x10u)
#define STATE_TX_FULL (1u << 0)
#define STATE_RX_FULL (1u << 1)
#define STATE_RX_OVERRUN (1u << 3) /* written as 1 to clear */
#define CTRL_TX_ENABLE (1u << 0)
#define CTRL_RX_ENABLE (1u << 1)
#define CTRL_RX_INTERRUPT (1u << 3)
#define INT_RX (1u << 1)
#define SMALLEST_DIVIDER 16u

static uint32_t put_polls;

void fp_uart_init(const fp_clocks *clocks) {
    uint32_t divider = (clocks->apb_hz[0] + FP_UART_BAUD / 2u) / FP_UART_BAUD;
    put_polls = FP_PUT_POLLS(clocks->core_hz);
    UART_CTRL = 0;
    UART_BAUDDIV = divider < SMALLEST_DIVIDER ? SMALLEST_DIVIDER : divider;
    UART_CTRL = CTRL_TX_ENABLE | CTRL_RX_ENABLE | CTRL_RX_INTERRUPT;
    fp_irq_enable(FP_UART_IRQ);
}

/* The interrupt is cleared before the data is read: a byte that arrives in between raises it again. */
void fp_uart_handler(void) {
    UART_INTCLEAR = INT_RX;
    if ((UART_STATE & STATE_RX_OVERRUN) != 0) {
        UART_STATE = STATE_RX_OVERRUN;
        fp_rx_ring_lose(&fp_rx);
    }
    while ((UART_STATE & STATE_RX_FULL) != 0) {
        fp_rx_ring_put(&fp_rx, (uint8_t)UART_DATA);
    }
}

void fp_uart_put(uint8_t byte) {
    for (uint32_t polls = 0; polls < put_polls; polls++) {
        if ((UART_STATE & STATE_TX_FULL) == 0) {
            UART_DATA = byte;
            return;
        }
    }
}
