/* The nRF51's UART. Registers: nRF51 Series Reference Manual 3.0, chapter 29. */
#include "cortex_m.h"

#define TASKS_STARTRX FP_REG(FP_UART_BASE + 0x000u)
#define TASKS_STARTTX FP_REG(FP_UART_BASE + 0x008u)
#define EVENTS_RXDRDY FP_REG(FP_UART_BASE + 0x108u)
#define EVENTS_TXDRDY FP_REG(FP_UART_BASE + 0x11Cu)
#define EVENTS_ERROR FP_REG(FP_UART_BASE + 0x124u)
#define UART_INTENSET FP_REG(FP_UART_BASE + 0x304u)
#define UART_INTENCLR FP_REG(FP_UART_BASE + 0x308u)
#define UART_ERRORSRC FP_REG(FP_UART_BASE + 0x480u) /* written as 1 to clear */
#define UART_ENABLE FP_REG(FP_UART_BASE + 0x500u)
#define UART_PSELRTS FP_REG(FP_UART_BASE + 0x508u)
#define UART_PSELTXD FP_REG(FP_UART_BASE + 0x50Cu)
#define UART_PSELCTS FP_REG(FP_UART_BASE + 0x510u)
#define UART_PSELRXD FP_REG(FP_UART_BASE + 0x514u)
#define UART_RXD FP_REG(FP_UART_BASE + 0x518u)
#define UART_TXD FP_REG(FP_UART_BASE + 0x51Cu)
#define UART_BAUDRATE FP_REG(FP_UART_BASE + 0x524u)
#define UART_CONFIG FP_REG(FP_UART_BASE + 0x56Cu)
#define INT_RXDRDY (1u << 2)
#define INT_ERROR (1u << 9)
#define ERROR_OVERRUN (1u << 0)
#define ENABLE_OFF 0u
#define ENABLE_UART 4u
#define DISCONNECTED 0xFFFFFFFFu

/* GPIO OUTSET and PIN_CNF (chapter 14): an idle line is high, an open one must not look like bytes. */
#define GPIO_OUTSET FP_REG(0x50000508u)
#define GPIO_PIN_CNF(pin) FP_REG(0x50000700u + 4u * (pin))
#define PIN_CNF_OUTPUT 3u /* output, input buffer off */
#define PIN_CNF_INPUT_PULL_UP (3u << 2)

/* The table of BAUDRATE values. */
#define BAUDRATE                                                                                                       \
    (FP_UART_BAUD == 115200u   ? 0x01D7E000u                                                                           \
     : FP_UART_BAUD == 250000u ? 0x04000000u                                                                           \
     : FP_UART_BAUD == 921600u ? 0x0EBEDFA4u                                                                           \
                               : 0u)
_Static_assert(BAUDRATE != 0, "uart.baud must be 115200, 250000 or 921600");
_Static_assert(FP_UART_TX_PIN <= 31 && FP_UART_RX_PIN <= 31, "uart pins are 0 to 31");

static uint32_t put_polls;
static int is_sending; /* TXDRDY is still to come, or was not waited for yet */

void fp_uart_init(const fp_clocks *clocks) {
    put_polls = FP_PUT_POLLS(clocks->core_hz);
    UART_ENABLE = ENABLE_OFF;
    UART_INTENCLR = 0xFFFFFFFFu;
    GPIO_OUTSET = 1u << FP_UART_TX_PIN;
    GPIO_PIN_CNF(FP_UART_TX_PIN) = PIN_CNF_OUTPUT;
    GPIO_PIN_CNF(FP_UART_RX_PIN) = PIN_CNF_INPUT_PULL_UP;
    UART_PSELRTS = DISCONNECTED;
    UART_PSELCTS = DISCONNECTED;
    UART_PSELTXD = FP_UART_TX_PIN;
    UART_PSELRXD = FP_UART_RX_PIN;
    UART_CONFIG = 0;
    UART_BAUDRATE = BAUDRATE;
    UART_ENABLE = ENABLE_UART;
    EVENTS_RXDRDY = 0;
    EVENTS_TXDRDY = 0;
    EVENTS_ERROR = 0;
    UART_INTENSET = INT_RXDRDY | INT_ERROR;
    TASKS_STARTTX = 1;
    TASKS_STARTRX = 1;
    fp_irq_enable(FP_UART_IRQ);
}

/* The receiver holds six bytes. The event is cleared before the byte is read: reading lets the next one raise it. */
void fp_uart_handler(void) {
    if (EVENTS_ERROR != 0) {
        const uint32_t errors = UART_ERRORSRC;
        EVENTS_ERROR = 0;
        UART_ERRORSRC = errors;
        if ((errors & ERROR_OVERRUN) != 0) {
            fp_rx_ring_lose(&fp_rx);
        }
    }
    while (EVENTS_RXDRDY != 0) {
        EVENTS_RXDRDY = 0;
        fp_rx_ring_put(&fp_rx, (uint8_t)UART_RXD);
    }
}

void fp_uart_put(uint8_t byte) {
    uint32_t polls = 0;
    while (is_sending && EVENTS_TXDRDY == 0) {
        if (++polls == put_polls) {
            return;
        }
    }
    EVENTS_TXDRDY = 0;
    is_sending = 1;
    UART_TXD = byte;
}
