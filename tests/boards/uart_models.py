"""Serial ports as their manuals describe them, and as Renode models them, behind :class:`mmio_bench.Registers`."""

from collections import deque
from collections.abc import Callable

from mmio_bench import Registers

STARTRX, STARTTX, RXDRDY, ENDRX, ENDTX, ERROR = 0x000, 0x008, 0x108, 0x110, 0x120, 0x124
INTENSET, INTENCLR, ERRORSRC, ENABLE = 0x304, 0x308, 0x480, 0x500
BAUDRATE, RXD_PTR, RXD_MAXCNT, AMOUNT, TXD_PTR, TXD_MAXCNT = 0x524, 0x534, 0x538, 0x53C, 0x544, 0x548
FIFO_BYTES = 4


class Uarte(Registers):
    """What both UARTEs share: sending, and when the interrupt is raised."""

    def __init__(self, base: int) -> None:
        super().__init__(base)
        self.sent = bytearray()
        self.enabled_interrupts = 0
        self.log: list[tuple[str, int]] = []
        self.at_access: dict[int, Callable[[], None]] = {}

    @property
    def irq(self) -> bool:
        raised = bool(self.values.get(ENDRX)) << 4 | bool(self.values.get(ERROR)) << 9
        return bool(raised & self.enabled_interrupts)

    def serve(self) -> None:
        """Let the driver's handler run for as long as its interrupt is raised."""
        assert self.bench is not None
        for _ in range(10_000):
            if not self.irq:
                return
            self.bench.call("fp_uart_handler")
        raise AssertionError("the interrupt is never served")

    def read(self, offset: int) -> int:
        self._log("read", offset)
        return super().read(offset)

    def write(self, offset: int, value: int) -> None:
        self._log("write", offset)
        if offset == INTENSET:
            self.enabled_interrupts |= value
        elif offset == INTENCLR:
            self.enabled_interrupts &= ~value
        elif offset == STARTTX:
            self.send()
        elif offset == STARTRX:
            self.start_rx()
        elif offset == ERRORSRC:
            self.values[ERRORSRC] = self.values.get(ERRORSRC, 0) & ~value
        else:
            super().write(offset, value)

    def send(self) -> None:
        assert self.values[ENABLE] == 8 and self.bench is not None
        self.sent += self.bench.memory(self.values[TXD_PTR], self.values[TXD_MAXCNT])
        self.values[ENDTX] = 1

    def start_rx(self) -> None:
        raise NotImplementedError

    def _log(self, kind: str, offset: int) -> None:
        """Note an access; what :attr:`at_access` holds for its number happens right before it."""
        self.at_access.pop(len(self.log), lambda: None)()
        self.log.append((kind, offset))


class UarteChip(Uarte):
    """nRF52840 Product Specification, 6.34: DMA of MAXCNT bytes, then ENDRX; a FIFO keeps what comes before STARTRX."""

    def __init__(self, base: int) -> None:
        super().__init__(base)
        self._fifo: deque[int] = deque()
        self._target: int | None = None
        self._left = 0

    def deliver(self, *data: int) -> None:
        for byte in data:
            if self._target is None and len(self._fifo) == FIFO_BYTES:
                self.values[ERRORSRC] = self.values.get(ERRORSRC, 0) | 1
                self.values[ERROR] = 1
                continue
            self._fifo.append(byte)
            self._move()

    def start_rx(self) -> None:
        self._target, self._left = self.values[RXD_PTR], self.values[RXD_MAXCNT]
        self._move()

    def _move(self) -> None:
        assert self.bench is not None
        while self._fifo and self._target is not None:
            self.bench.poke(self._target, bytes([self._fifo.popleft()]))
            self._target, self._left = self._target + 1, self._left - 1
            if self._left == 0:
                self.values[AMOUNT] = self.values[RXD_MAXCNT]
                self.values[ENDRX] = 1
                self._target = None


class UarteRenode(Uarte):
    """As Renode 1.13.3 to 1.16 behave: an unbounded queue, of which STARTRX takes one byte; nothing stops the DMA after
    ENDRX but the event itself, so bytes that come once it is cleared go on behind the buffer."""

    def __init__(self, base: int) -> None:
        super().__init__(base)
        self._queue: deque[int] = deque()
        self._pointer = 0
        self._started = False
        self.reach = 0

    def deliver(self, *data: int) -> None:
        for byte in data:
            if self._started:
                self._queue.append(byte)
                self._take()

    def start_rx(self) -> None:
        self.values[AMOUNT] = 0
        self._pointer = self.values[RXD_PTR]
        self._started = True
        if self._queue:
            self._take()

    def _take(self) -> None:
        if self.values.get(ENDRX):
            return
        assert self.bench is not None
        self.bench.poke(self._pointer, bytes([self._queue.popleft()]))
        self._pointer += 1
        self.reach = max(self.reach, self._pointer - self.values[RXD_PTR])
        self.values[AMOUNT] += 1
        if self.values[AMOUNT] == self.values[RXD_MAXCNT]:
            self.values[ENDRX] = 1


class UsartV2(Registers):
    """STM32F7 USART: RM0385, 31.8."""

    CR1, BRR, ISR, ICR, RDR, TDR = 0x00, 0x0C, 0x1C, 0x20, 0x24, 0x28

    def __init__(self, base: int) -> None:
        super().__init__(base)
        self.sent = bytearray()
        self._byte: int | None = None
        self._overrun = False
        self.accepts = True

    @property
    def irq(self) -> bool:
        return bool(self.values.get(self.CR1, 0) & 1 << 5) and (self._byte is not None or self._overrun)

    def deliver(self, *data: int) -> None:
        assert self.values[self.CR1] & 0b101 == 0b101, "the receiver is off"
        for byte in data:
            self._overrun |= self._byte is not None
            self._byte = byte if self._byte is None else self._byte

    def read(self, offset: int) -> int:
        if offset == self.ISR:
            return (self._byte is not None) << 5 | self._overrun << 3 | self.accepts << 7
        if offset == self.RDR:
            byte, self._byte = self._byte or 0, None
            return byte
        return super().read(offset)

    def write(self, offset: int, value: int) -> None:
        if offset == self.TDR:
            self.sent.append(value)
        elif offset == self.ICR:
            self._overrun &= not value & 1 << 3
        else:
            super().write(offset, value)
