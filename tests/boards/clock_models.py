"""Clock trees behind their registers: as the manuals describe them, as Renode models them, and dead ones."""

from mmio_bench import Registers

RCC, PWR, FLASH = 0x4002_3800, 0x4000_7000, 0x4002_3C00
CR, PLLCFGR, CFGR, APB1ENR = 0x00, 0x04, 0x08, 0x40
START_READS = 40


class Pwr(Registers):
    """RM0385, 4.4: over-drive comes on some time after it is asked for, and only while the interface has a clock."""

    def __init__(self, rcc: "Rcc") -> None:
        super().__init__(PWR)
        self._rcc = rcc
        self._reads = 0

    @property
    def overdriven(self) -> bool:
        return self.read(4) & 3 << 16 == 3 << 16

    def read(self, offset: int) -> int:
        if offset != 4:
            return super().read(offset)
        self._reads += 1
        asked = self.values.get(0, 0) & 3 << 16
        return asked if self._rcc.values.get(APB1ENR, 0) & 1 << 28 and self._reads > START_READS else 0


class FlipFlop(Registers):
    """What stands for PWR in Renode's STM32F746: every read of a register gives the other extreme."""

    def read(self, offset: int) -> int:
        self.values[offset] = self.values.get(offset, 0) ^ 0xFFFFFFFF
        return self.values[offset]


class Rcc(Registers):
    """RM0090, 7.3: ready flags come late, and a switch to the PLL before flash and power are ready would crash."""

    def __init__(self, wait_states: int, overdrive: bool = False) -> None:
        super().__init__(RCC)
        self.flash = Registers(FLASH)
        self.pwr = Pwr(self)
        self._wait_states = wait_states
        self._overdrive = overdrive
        self._reads = 0

    def read(self, offset: int) -> int:
        value = super().read(offset)
        if offset == CR:
            self._reads += 1
            ready = value & (1 << 16 | 1 << 24) if self._reads > START_READS else 0
            return value | ready << 1
        return value | (value & 3) << 2 if offset == CFGR else value

    def write(self, offset: int, value: int) -> None:
        if offset == CR and value & 1 << 24:
            assert self.read(CR) & 1 << 17, "the PLL is started before its crystal runs"
        if offset == CFGR and value & 3 == 2:
            assert self.read(CR) & 1 << 25, "switched to a PLL that does not run"
            assert self.flash.values.get(0, 0) & 0xF >= self._wait_states, "too fast for the flash"
            assert not self._overdrive or self.pwr.overdriven, "too fast without over-drive"
        super().write(offset, value)


class Hfclk(Registers):
    """nRF52840 Product Specification, 5.4: the event comes after the task."""

    STARTED = 0x100

    def __init__(self, alive: bool = True) -> None:
        super().__init__(0x4000_0000)
        self._alive = alive
        self._reads = 0

    def read(self, offset: int) -> int:
        self._reads += 1
        running = self._alive and self.values.get(0) and self._reads > START_READS
        return 1 if offset == self.STARTED and running else super().read(offset)
