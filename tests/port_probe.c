/* A firmware that exercises a board's port. A byte 0 is answered at once with a byte 0, so that a host can knock. Else
 * the host sends a letter and a 32-bit number n:
 *
 *     e   echo the next n bytes
 *     l   run a loop of 2 n instructions; reply: ticks
 *     m   read the tick counter n times; reply: largest step, steps backwards
 *     w   wait until the counter's low 24 bits are n or more; reply: 0
 *     d   use n bytes of stack; reply: stack used before, after
 *     o   read nothing until n bytes are lost; reply: bytes then waiting, bytes lost
 *     f   fault: n = 0 an instruction that is none, 1 a store to where nothing is; no reply, the board resets
 *     r   reply: faults so far, the latest one's pc, CFSR, HFSR, address
 *     t   reply: ticks a second, 0
 *
 * Replies are 64-bit numbers. All numbers are little endian. */
#include "board.h"

static const fp_port *port;

static void read_exactly(uint8_t *bytes, size_t length) {
    while (length > 0) {
        size_t count = port->read(port->context, bytes, length);
        bytes += count;
        length -= count;
        if (count == 0) {
            port->wait(port->context);
        }
    }
}

static void reply(uint64_t number) {
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++) {
        bytes[i] = (uint8_t)(number >> (8 * i));
    }
    port->write(port->context, bytes, sizeof bytes);
}

static uint64_t now(void) {
    return port->ticks(port->context);
}

static void echo(uint32_t length) {
    uint8_t chunk[64];
    while (length > 0) {
        size_t count = port->read(port->context, chunk, length < sizeof chunk ? length : sizeof chunk);
        port->write(port->context, chunk, count);
        length -= (uint32_t)count;
        if (count == 0) {
            port->wait(port->context);
        }
    }
}

static void spin(uint32_t count) {
#if defined(__arm__)
    __asm volatile(".syntax unified\n1: subs %0, %0, #1\n\tbne 1b" : "+r"(count)::"cc");
#else
    (void)count;
#endif
}

static void loop(uint32_t count) {
    uint64_t start = now();
    spin(count);
    reply(now() - start);
}

static void wait_for_ticks(uint32_t low_bits) {
    while ((now() & 0xFFFFFFu) < low_bits) {
        spin(5000);
    }
    reply(0);
}

static void read_ticks(uint32_t count) {
    uint64_t largest = 0;
    uint64_t backwards = 0;
    uint64_t last = now();
    for (; count > 0; count--) {
        uint64_t next = now();
        backwards += next < last;
        largest = next > last && next - last > largest ? next - last : largest;
        last = next;
    }
    reply(largest);
    reply(backwards);
}

/* The volatile store keeps the compiler from flattening it. */
__attribute__((noinline)) static uint32_t use_stack(uint32_t bytes) {
    volatile uint8_t block[64];
    block[0] = (uint8_t)bytes;
    return bytes <= sizeof block ? block[0] : use_stack(bytes - (uint32_t)sizeof block) + block[0];
}

static void deepen(uint32_t bytes) {
    reply(port->stack_used(port->context));
    (void)use_stack(bytes);
    reply(port->stack_used(port->context));
}

static void overflow(uint32_t bytes) {
    static uint8_t all[4096]; /* more than the ring */
    while (port->rx_lost(port->context) < bytes) {
    }
    reply(port->read(port->context, all, sizeof all));
    reply(port->rx_lost(port->context));
}

/* Also called "crash" to make it findable in the ELF. */
__attribute__((noinline)) static void crash(uint32_t how) {
#if defined(__arm__)
    if (how == 0) {
        __asm volatile("udf #0");
    }
    *(volatile uint32_t *)(uintptr_t)0xA0000000u = how;
#else
    (void)how;
#endif
}

static void report_fault(void) {
    static const fp_fault none;
    const fp_fault *fault = port->fault != NULL ? port->fault : &none;
    reply(fault->count);
    reply(fault->pc);
    reply(fault->status);
    reply(fault->hard_status);
    reply(fault->address);
}

static void answer(uint8_t letter, uint32_t number) {
    switch (letter) {
    case 'e':
        echo(number);
        break;
    case 'l':
        loop(number);
        break;
    case 'm':
        read_ticks(number);
        break;
    case 'w':
        wait_for_ticks(number);
        break;
    case 'd':
        deepen(number);
        break;
    case 'o':
        overflow(number);
        break;
    case 'f':
        crash(number);
        break;
    case 'r':
        report_fault();
        break;
    default:
        reply(port->tick_hz);
        reply(0);
        break;
    }
}

int main(void) {
    fp_board_init();
    port = fp_board_port();
    for (;;) {
        uint8_t request[5];
        read_exactly(request, 1);
        if (request[0] == 0) {
            port->write(port->context, request, 1);
            continue;
        }
        read_exactly(request + 1, 4);
        answer(request[0], (uint32_t)request[1] | (uint32_t)request[2] << 8 | (uint32_t)request[3] << 16 |
                               (uint32_t)request[4] << 24);
    }
}
