/* STM32 USART of the F0/F3/F7/L4 generation (ISR, ICR, RDR and TDR), pins as on F7.
 * Registers: RM0385, 31.8 (USART), 6.4 (GPIO), 5.3 (RCC enables). */
#include "stm32_gpio.h"

#define USART_CR1 FP_REG(FP_UART_BASE + 0x00u)
#define USART_BRR FP_REG(FP_UART_BASE + 0x0Cu)
#define USART_ISR FP_REG(FP_UART_BASE + 0x1Cu)
#define USART_ICR FP_REG(FP_UART_BASE + 0x20u)
#define USART_RDR FP_REG(FP_UART_BASE + 0x24u)
#define USART_TDR FP_REG(FP_UART_BASE + 0x28u)
#define CR1_UE (1u << 0)
#define CR1_RE (1u << 2)
#define CR1_TE (1u << 3)
#define CR1_RXNEIE (1u << 5) /* raised by ORE, too */
#define ISR_ORE (1u << 3)
#define ISR_RXNE (1u << 5)
#define ISR_TXE (1u << 7)
#define ICR_ORECF (1u << 3)

_Static_assert(FP_UART_APB == 1 || FP_UART_APB == 2, "uart.apb must be 1 or 2");
_Static_assert(FP_UART_TX_PIN <= 15 && FP_UART_RX_PIN <= 15, "uart pins must be 0 to 15");
_Static_assert(FP_UART_GPIO_FUNCTION <= 15, "uart.gpio_function must be 0 to 15");

static uint32_t put_polls;

void fp_uart_init(const fp_clocks *clocks) {
    uint32_t input_hz = clocks->apb_hz[FP_UART_APB - 1];
    put_polls = FP_PUT_POLLS(clocks->core_hz);
    FP_REG(FP_UART_GPIO_ENABLE_REGISTER) = FP_REG(FP_UART_GPIO_ENABLE_REGISTER) | FP_UART_GPIO_ENABLE_MASK;
    FP_REG(FP_UART_ENABLE_REGISTER) = FP_REG(FP_UART_ENABLE_REGISTER) | (1u << FP_UART_ENABLE_BIT);
    (void)FP_REG(FP_UART_ENABLE_REGISTER); /* waits out the delay after enabling a clock (RM0385, 5.2) */
    fp_stm32_use_pin(FP_UART_TX_GPIO_BASE, FP_UART_TX_PIN, FP_UART_GPIO_FUNCTION);
    fp_stm32_use_pin(FP_UART_RX_GPIO_BASE, FP_UART_RX_PIN, FP_UART_GPIO_FUNCTION);
    USART_CR1 = 0;
    USART_BRR = (input_hz + FP_UART_BAUD / 2u) / FP_UART_BAUD; /* 16 times oversampled: BRR = clock / baud */
    USART_CR1 = CR1_UE | CR1_TE | CR1_RE | CR1_RXNEIE;
    fp_irq_enable(FP_UART_IRQ);
}

/* An overrun that is not cleared would raise the interrupt for ever. RDR still holds the byte from before it. */
void fp_uart_handler(void) {
    uint32_t status = USART_ISR;
    if ((status & ISR_RXNE) != 0) {
        fp_rx_ring_put(&fp_rx, (uint8_t)USART_RDR);
    }
    if ((status & ISR_ORE) != 0) {
        USART_ICR = ICR_ORECF;
        fp_rx_ring_lose(&fp_rx);
    }
}

void fp_uart_put(uint8_t byte) {
    for (uint32_t polls = 0; polls < put_polls; polls++) {
        if ((USART_ISR & ISR_TXE) != 0) {
            USART_TDR = byte;
            return;
        }
    }
}
