/* Pins of the STM32 F2, F4 and F7, whose port registers are alike: RM0090, 8.4; RM0385, 6.4. */
#ifndef FP_STM32_GPIO_H
#define FP_STM32_GPIO_H

#include "cortex_m.h"

/* Put `value` into the `bits` wide field number `index`. */
static inline void fp_stm32_set_field(volatile uint32_t *address, uint32_t index, uint32_t bits, uint32_t value) {
    uint32_t shift = index * bits;
    uint32_t mask = ((1u << bits) - 1u) << shift;
    *address = (*address & ~mask) | (value << shift);
}

/* Give a pin to a peripheral: alternate function, then pull-up, then the mode that makes it count. */
static inline void fp_stm32_use_pin(uint32_t port, uint32_t pin, uint32_t function) {
    fp_stm32_set_field(&FP_REG(port + 0x20u + 4u * (pin / 8u)), pin % 8u, 4, function); /* AFRL, AFRH */
    fp_stm32_set_field(&FP_REG(port + 0x0Cu), pin, 2, 1u);                              /* PUPDR: up */
    fp_stm32_set_field(&FP_REG(port + 0x00u), pin, 2, 2u);                              /* MODER: alternate */
}

#endif
