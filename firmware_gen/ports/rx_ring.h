/* A ring of received bytes between one producer (the UART's interrupt handler) and one consumer (the main loop).
 *
 * `head` and `tail` count bytes ever put and taken; they wrap at 2^32, which the ring's size divides:
 *
 *     bytes  [ . . 5 6 7 8 . . ]       tail % size ^       head % size ^
 *
 * Each is written by one side only. Everything is volatile, so the compiler keeps a byte's store before the store to
 * `head` that publishes it; a single core needs no more.
 */
#ifndef FP_RX_RING_H
#define FP_RX_RING_H

#include <stddef.h>
#include <stdint.h>

#include "rx_ring_size.h"

typedef struct fp_rx_ring {
    volatile uint32_t head;
    volatile uint32_t tail;
    volatile uint32_t lost; /* bytes dropped because the ring was full, or reported lost by the producer */
    volatile uint8_t bytes[FP_RX_RING_BYTES];
} fp_rx_ring;

/* Producer: add a byte, or count it as lost. */
static inline void fp_rx_ring_put(fp_rx_ring *ring, uint8_t byte) {
    uint32_t head = ring->head;
    if (head - ring->tail == FP_RX_RING_BYTES) {
        ring->lost = ring->lost + 1u;
        return;
    }
    ring->bytes[head % FP_RX_RING_BYTES] = byte;
    ring->head = head + 1u;
}

/* Producer: the hardware lost a byte before it could be put. */
static inline void fp_rx_ring_lose(fp_rx_ring *ring) {
    ring->lost = ring->lost + 1u;
}

static inline int fp_rx_ring_is_empty(const fp_rx_ring *ring) {
    return ring->head == ring->tail;
}

/* Consumer: move at most `capacity` bytes to `bytes`; returns how many. */
static inline size_t fp_rx_ring_take(fp_rx_ring *ring, uint8_t *bytes, size_t capacity) {
    uint32_t tail = ring->tail;
    uint32_t waiting = ring->head - tail;
    size_t count = waiting < capacity ? waiting : capacity;
    for (size_t i = 0; i < count; i++) {
        bytes[i] = ring->bytes[(tail + i) % FP_RX_RING_BYTES];
    }
    ring->tail = tail + (uint32_t)count;
    return count;
}

#endif
