/* The nRF52's UARTE, a UART that moves bytes by DMA (EasyDMA). Registers: nRF52840 Product Specification, 6.34.9.
 *
 * One byte is received at a time (RXD.MAXCNT = 1), so that none waits for a buffer to fill; the receiver keeps what
 * arrives between ENDRX and the next STARTRX in a FIFO of its own.
 *
 * Renode has no such FIFO: between the clearing of ENDRX and STARTRX it goes on writing behind the buffer, past MAXCNT,
 * and counts that in AMOUNT (renode#796 reports lost bursts). Hence a landing place for a whole window, of which the
 * chip uses the first byte, and the second look at AMOUNT. */
#include "cortex_m.h"

#define TASKS_STARTRX FP_REG(FP_UART_BASE + 0x000u)
#define TASKS_STARTTX FP_REG(FP_UART_BASE + 0x008u)
#define EVENTS_ENDRX FP_REG(FP_UART_BASE + 0x110u)
#define EVENTS_ENDTX FP_REG(FP_UART_BASE + 0x120u)
#define EVENTS_ERROR FP_REG(FP_UART_BASE + 0x124u)
#define UARTE_INTENSET FP_REG(FP_UART_BASE + 0x304u)
#define UARTE_INTENCLR FP_REG(FP_UART_BASE + 0x308u)
#define UARTE_ERRORSRC FP_REG(FP_UART_BASE + 0x480u) /* written as 1 to clear */
#define UARTE_ENABLE FP_REG(FP_UART_BASE + 0x500u)
#define UARTE_PSEL_RTS FP_REG(FP_UART_BASE + 0x508u)
#define UARTE_PSEL_TXD FP_REG(FP_UART_BASE + 0x50Cu)
#define UARTE_PSEL_CTS FP_REG(FP_UART_BASE + 0x510u)
#define UARTE_PSEL_RXD FP_REG(FP_UART_BASE + 0x514u)
#define UARTE_BAUDRATE FP_REG(FP_UART_BASE + 0x524u)
#define UARTE_RXD_PTR FP_REG(FP_UART_BASE + 0x534u)
#define UARTE_RXD_MAXCNT FP_REG(FP_UART_BASE + 0x538u)
#define UARTE_RXD_AMOUNT FP_REG(FP_UART_BASE + 0x53Cu)
#define UARTE_TXD_PTR FP_REG(FP_UART_BASE + 0x544u)
#define UARTE_TXD_MAXCNT FP_REG(FP_UART_BASE + 0x548u)
#define UARTE_CONFIG FP_REG(FP_UART_BASE + 0x56Cu)
#define INT_ENDRX (1u << 4)
#define INT_ERROR (1u << 9)
#define ERROR_OVERRUN (1u << 0)
#define ENABLE_OFF 0u
#define ENABLE_UARTE 8u
#define DISCONNECTED 0xFFFFFFFFu

/* GPIO P0 OUTSET and PIN_CNF (6.9.2), P1 0x300 behind it: an idle line is high, an open one must not look like bytes.
 */
#define GPIO(pin, offset) FP_REG(0x50000000u + 0x300u * ((pin) / 32u) + (offset))
#define GPIO_OUTSET 0x508u
#define GPIO_PIN_CNF(pin) (0x700u + 4u * ((pin) % 32u))
#define PIN_CNF_OUTPUT 3u /* output, input buffer off */
#define PIN_CNF_INPUT_PULL_UP (3u << 2)

/* The table of BAUDRATE values of 6.34.9. */
#define BAUDRATE                                                                                                       \
    (FP_UART_BAUD == 115200u    ? 0x01D60000u                                                                          \
     : FP_UART_BAUD == 230400u  ? 0x03B00000u                                                                          \
     : FP_UART_BAUD == 460800u  ? 0x07400000u                                                                          \
     : FP_UART_BAUD == 921600u  ? 0x0F000000u                                                                          \
     : FP_UART_BAUD == 1000000u ? 0x10000000u                                                                          \
                                : 0u)
_Static_assert(BAUDRATE != 0, "uart.baud must be 115200, 230400, 460800, 921600 or 1000000");
_Static_assert(FP_UART_TX_PIN <= 47 && FP_UART_RX_PIN <= 47, "uart pins are 0 to 31 on P0, 32 to 47 on P1");

static uint32_t put_polls;
static volatile uint8_t landing[FP_RX_RING_BYTES];
static volatile uint8_t leaving;
static int is_sending; /* ENDTX is still to come, or was not waited for yet */

static void use_pins(void) {
    GPIO(FP_UART_TX_PIN, GPIO_OUTSET) = 1u << (FP_UART_TX_PIN % 32u);
    GPIO(FP_UART_TX_PIN, GPIO_PIN_CNF(FP_UART_TX_PIN)) = PIN_CNF_OUTPUT;
    GPIO(FP_UART_RX_PIN, GPIO_PIN_CNF(FP_UART_RX_PIN)) = PIN_CNF_INPUT_PULL_UP;
    UARTE_PSEL_RTS = DISCONNECTED;
    UARTE_PSEL_CTS = DISCONNECTED;
    UARTE_PSEL_TXD = FP_UART_TX_PIN;
    UARTE_PSEL_RXD = FP_UART_RX_PIN;
}

/* A boot loader may have left the peripheral on. */
void fp_uart_init(const fp_clocks *clocks) {
    put_polls = FP_PUT_POLLS(clocks->core_hz);
    UARTE_ENABLE = ENABLE_OFF;
    UARTE_INTENCLR = 0xFFFFFFFFu;
    use_pins();
    UARTE_CONFIG = 0;
    UARTE_BAUDRATE = BAUDRATE;
    UARTE_ENABLE = ENABLE_UARTE;
    UARTE_TXD_PTR = (uint32_t)(uintptr_t)&leaving;
    UARTE_TXD_MAXCNT = 1;
    UARTE_RXD_PTR = (uint32_t)(uintptr_t)landing;
    UARTE_RXD_MAXCNT = 1;
    EVENTS_ENDRX = 0;
    EVENTS_ERROR = 0;
    UARTE_INTENSET = INT_ENDRX | INT_ERROR;
    TASKS_STARTRX = 1;
    fp_irq_enable(FP_UART_IRQ);
}

static void take_errors(void) {
    EVENTS_ERROR = 0;
    uint32_t errors = UARTE_ERRORSRC;
    UARTE_ERRORSRC = errors;
    if ((errors & ERROR_OVERRUN) != 0) {
        fp_rx_ring_lose(&fp_rx);
    }
}

/* Reading an event back keeps its interrupt from being taken twice (6.1.8). */
void fp_uart_handler(void) {
    if (EVENTS_ERROR != 0) {
        take_errors();
    }
    if (EVENTS_ENDRX == 0) {
        return;
    }
    fp_rx_ring_put(&fp_rx, landing[0]);
    EVENTS_ENDRX = 0;
    (void)EVENTS_ENDRX;
    uint32_t taken = 1;
    while (taken < UARTE_RXD_AMOUNT && taken < sizeof landing) {
        fp_rx_ring_put(&fp_rx, landing[taken]);
        taken++;
    }
    TASKS_STARTRX = 1;
}

void fp_uart_put(uint8_t byte) {
    for (uint32_t polls = 0; polls < put_polls; polls++) {
        if (!is_sending || EVENTS_ENDTX != 0) {
            EVENTS_ENDTX = 0;
            is_sending = 1;
            leaving = byte;
            TASKS_STARTTX = 1;
            return;
        }
    }
}
