/* STM32 USART of the F1/F2/F4 generation (status and data registers SR and DR), pins as on F2/F4.
 * Registers: RM0090, 30.6 (USART), 8.4 (GPIO), 7.3 (RCC enables). */
#include "stm32_gpio.h"

#define USART_SR FP_REG(FP_UART_BASE + 0x00u)
#define USART_DR FP_REG(FP_UART_BASE + 0x04u)
#define USART_BRR FP_REG(FP_UART_BASE + 0x08u)
#define USART_CR1 FP_REG(FP_UART_BASE + 0x0Cu)
#define SR_ORE (1u << 3)
#define SR_RXNE (1u << 5)
#define SR_TXE (1u << 7)
#define CR1_RE (1u << 2)
#define CR1_TE (1u << 3)
#define CR1_RXNEIE (1u << 5) /* raised by ORE, too */
#define CR1_UE (1u << 13)

_Static_assert(FP_UART_APB == 1 || FP_UART_APB == 2, "uart.apb must be 1 or 2");
_Static_assert(FP_UART_TX_PIN <= 15 && FP_UART_RX_PIN <= 15, "uart pins must be 0 to 15");
_Static_assert(FP_UART_GPIO_FUNCTION <= 15, "uart.gpio_function must be 0 to 15");

static uint32_t put_polls;

void fp_uart_init(const fp_clocks *clocks) {
    uint32_t input_hz = clocks->apb_hz[FP_UART_APB - 1];
    put_polls = FP_PUT_POLLS(clocks->core_hz);
    FP_REG(FP_UART_GPIO_ENABLE_REGISTER) = FP_REG(FP_UART_GPIO_ENABLE_REGISTER) | (1u << FP_UART_GPIO_ENABLE_BIT);
    FP_REG(FP_UART_ENABLE_REGISTER) = FP_REG(FP_UART_ENABLE_REGISTER) | (1u << FP_UART_ENABLE_BIT);
    /* Reading back waits out the delay after enabling a clock (RM0090, 7.2.13 and errata sheet ES0182). */
    (void)FP_REG(FP_UART_ENABLE_REGISTER);
    fp_stm32_use_pin(FP_UART_GPIO_BASE, FP_UART_TX_PIN, FP_UART_GPIO_FUNCTION);
    fp_stm32_use_pin(FP_UART_GPIO_BASE, FP_UART_RX_PIN, FP_UART_GPIO_FUNCTION);
    USART_CR1 = 0;
    USART_BRR = (input_hz + FP_UART_BAUD / 2u) / FP_UART_BAUD; /* 16 times oversampled: BRR = clock / baud */
    USART_CR1 = CR1_UE | CR1_TE | CR1_RE | CR1_RXNEIE;
    fp_irq_enable(FP_UART_IRQ);
}

/* Reading SR and then DR clears ORE; without that an overrun would raise the interrupt for ever. DR still holds the
 * byte from before the overrun. */
void fp_uart_handler(void) {
    uint32_t status = USART_SR;
    uint8_t byte = (uint8_t)USART_DR;
    if ((status & SR_RXNE) != 0) {
        fp_rx_ring_put(&fp_rx, byte);
    }
    if ((status & SR_ORE) != 0) {
        fp_rx_ring_lose(&fp_rx);
    }
}

void fp_uart_put(uint8_t byte) {
    for (uint32_t polls = 0; polls < put_polls; polls++) {
        if ((USART_SR & SR_TXE) != 0) {
            USART_DR = byte;
            return;
        }
    }
}
