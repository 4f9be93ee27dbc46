"""Drivers for boards that QEMU does not have, against models of their registers; and clocks that never start."""

from pathlib import Path

import pytest
from clock_models import CFGR, PLLCFGR, RCC, FlipFlop, Hfclk, Rcc
from mmio_bench import Bench, Registers
from uart_models import BAUDRATE, STARTRX, Uarte, UarteChip, UarteRenode, UsartV2

from firmware_gen.boards import BOARD_FOLDER, load_board

GPIO = 0x4002_0000
NRF_GPIO = 0x5000_0000
UARTE0 = 0x4000_2000
IWDG, WDT = 0x4000_3000, 0x4001_0000
NORDIC = ["nrf52840dk", "arduino_nano_33_ble"]


def nordic(tmp_path: Path, uarte: Uarte, name: str = "nrf52840dk") -> Bench:
    bench = Bench(load_board(name), tmp_path, Hfclk(), uarte, Registers(NRF_GPIO))
    bench.start_uart()
    return bench


def stm32f7(tmp_path: Path, usart: UsartV2, rcc: Registers) -> Bench:
    board = load_board("stm32f746g_disco")
    others = (rcc.pwr, rcc.flash) if isinstance(rcc, Rcc) else (Registers(0x4000_7000),)
    return Bench(board, tmp_path, rcc, *others, usart, Registers(GPIO))


# --- clocks ---


def test_the_f7_reaches_216_mhz_in_the_manuals_order(tmp_path: Path) -> None:
    rcc = Rcc(wait_states=7, overdrive=True)
    bench = stm32f7(tmp_path, UsartV2(0x4001_1000), rcc)
    assert bench.start_clock() == (216_000_000, 54_000_000, 108_000_000)
    assert rcc.values[PLLCFGR] == 25 | 432 << 6 | 0 << 16 | 1 << 22 | 9 << 24
    assert rcc.values[CFGR] == 2 | 0b101 << 10 | 0b100 << 13


def test_the_f4_reaches_168_mhz_in_the_manuals_order(tmp_path: Path) -> None:
    rcc = Rcc(wait_states=5)
    bench = Bench(load_board("stm32f4_discovery"), tmp_path, rcc, rcc.flash, Registers(GPIO), Registers(0x4000_4400))
    assert bench.start_clock() == (168_000_000, 42_000_000, 84_000_000)


def test_the_f7_starts_where_power_is_a_flip_flop(tmp_path: Path) -> None:
    rcc = Rcc(wait_states=7)
    board = load_board("stm32f746g_disco")
    bench = Bench(board, tmp_path, rcc, rcc.flash, FlipFlop(0x4000_7000), UsartV2(0x4001_1000), Registers(GPIO))
    assert bench.start_clock()[0] == 216_000_000


@pytest.mark.parametrize("name", ["stm32f4_discovery", "stm32f746g_disco"])
def test_without_a_clock_tree_the_internal_oscillator_runs(tmp_path: Path, name: str) -> None:
    bench = Bench(load_board(name), tmp_path, Registers(RCC), Registers(0x4000_7000), Registers(GPIO))
    assert bench.start_clock() == (16_000_000, 16_000_000, 16_000_000)


@pytest.mark.parametrize("alive", [True, False])
def test_the_nordic_clock_waits_for_its_crystal_but_not_for_ever(tmp_path: Path, alive: bool) -> None:
    bench = Bench(load_board("nrf52840dk"), tmp_path, Hfclk(alive), UarteChip(UARTE0), Registers(NRF_GPIO))
    assert bench.start_clock()[0] == 64_000_000


# --- STM32F7 USART ---


def test_the_f7_usart_is_set_up_and_moves_bytes(tmp_path: Path) -> None:
    usart = UsartV2(0x4001_1000)
    rcc = Rcc(wait_states=7, overdrive=True)
    bench = stm32f7(tmp_path, usart, rcc)
    bench.start_uart()
    assert usart.values[UsartV2.BRR] == round(108_000_000 / 115_200)
    assert rcc.values[0x44] == 1 << 4 and rcc.values[0x30] == 3
    for byte in b"in\0":
        usart.deliver(byte)
        assert usart.irq
        bench.call("fp_uart_handler")
        assert not usart.irq
    for byte in b"out":
        bench.call("fp_uart_put", byte)
    assert (bench.received(), bytes(usart.sent)) == (b"in\0", b"out")


def test_an_overrun_of_the_f7_is_counted_and_cleared(tmp_path: Path) -> None:
    usart = UsartV2(0x4001_1000)
    bench = stm32f7(tmp_path, usart, Rcc(wait_states=7, overdrive=True))
    bench.start_uart()
    usart.deliver(1, 2)
    while usart.irq:
        bench.call("fp_uart_handler")
    assert (bench.received(), bench.lost()) == (b"\1", 1)


def test_a_dead_f7_transmitter_is_not_waited_for(tmp_path: Path) -> None:
    usart = UsartV2(0x4001_1000)
    bench = stm32f7(tmp_path, usart, Registers(RCC))
    bench.start_uart()
    usart.accepts = False
    bench.call("fp_uart_put", 1)
    assert not usart.sent


# --- nRF52840 UARTE ---


@pytest.mark.parametrize("name", NORDIC)
@pytest.mark.parametrize("model", [UarteChip, UarteRenode])
def test_the_uarte_is_set_up_and_moves_bytes(tmp_path: Path, name: str, model: type[UarteChip | UarteRenode]) -> None:
    uarte = model(UARTE0)
    bench = nordic(tmp_path, uarte, name)
    board = load_board(name)
    pins = board.uart.model_dump()
    assert (uarte.values[0x50C], uarte.values[0x514]) == (pins["tx_pin"], pins["rx_pin"])
    assert uarte.values[BAUDRATE] == 0x01D6_0000
    for byte in range(256):
        uarte.deliver(byte)
        uarte.serve()
        bench.call("fp_uart_put", byte)
    assert bench.received() == bytes(uarte.sent) == bytes(range(256))
    assert bench.lost() == 0


def test_the_chips_fifo_bridges_a_late_handler(tmp_path: Path) -> None:
    uarte = UarteChip(UARTE0)
    bench = nordic(tmp_path, uarte)
    uarte.deliver(1, 2, 3, 4, 5)
    uarte.serve()
    assert (bench.received(), bench.lost()) == (b"\1\2\3\4\5", 0)


def test_an_overrun_of_the_chip_is_counted(tmp_path: Path) -> None:
    uarte = UarteChip(UARTE0)
    bench = nordic(tmp_path, uarte)
    uarte.deliver(*range(7))
    uarte.serve()
    assert (bench.received(), bench.lost()) == (bytes(range(5)), 1)


def serve_three_bytes(uarte: UarteChip | UarteRenode, bench: Bench) -> bytes:
    uarte.deliver(1, 2, 3)
    uarte.serve()
    return bench.received()


def test_the_chip_loses_nothing_whenever_bytes_come(tmp_path: Path) -> None:
    uarte = UarteChip(UARTE0)
    bench = nordic(tmp_path, uarte)
    start = len(uarte.log)
    assert serve_three_bytes(uarte, bench) == b"\1\2\3"
    for number in range(len(uarte.log) - start):
        uarte.at_access[len(uarte.log) + number] = lambda: uarte.deliver(8, 9)
        assert serve_three_bytes(uarte, bench) == b"\1\2\3\x08\x09", number
    assert bench.lost() == 0


def test_renodes_burst_arrives_whole(tmp_path: Path) -> None:
    uarte = UarteRenode(UARTE0)
    bench = nordic(tmp_path, uarte)
    burst = bytes(number % 251 for number in range(1100))
    uarte.deliver(*burst)
    uarte.serve()
    assert bench.received() == burst


def test_renodes_bytes_in_the_middle_of_the_handler(tmp_path: Path) -> None:
    """A burst that comes between the last look at AMOUNT and STARTRX is lost there; at no other moment a byte is, and
    never does anything land outside the memory kept for it."""
    uarte = UarteRenode(UARTE0)
    bench = nordic(tmp_path, uarte)
    start = len(uarte.log)
    assert serve_three_bytes(uarte, bench) == b"\1\2\3"
    moments = uarte.log[start:]
    late = bytes(range(100, 200))
    exact = 0
    for number, moment in enumerate(moments):
        uarte.at_access[len(uarte.log) + number] = lambda: uarte.deliver(*late)
        got = serve_three_bytes(uarte, bench)
        if moment == ("write", STARTRX):
            assert len(got) == 3 and got[0] == 1, "a hundred bytes are lost, and the receiver goes on"
        else:
            assert got == b"\1\2\3" + late, moment
            exact += 1
    assert exact >= 4 * 3
    assert 1 < uarte.reach <= 2048, "what comes in the window lands behind the buffer, in memory kept for it"


def test_a_uarte_that_never_ends_sending_is_not_waited_for(tmp_path: Path) -> None:
    class Stuck(UarteChip):
        def send(self) -> None:
            self.sent += b"?"

    uarte = Stuck(UARTE0)
    bench = nordic(tmp_path, uarte)
    bench.call("fp_uart_put", 1)
    bench.call("fp_uart_put", 2)
    assert bytes(uarte.sent) == b"?"


# --- watchdogs ---


def watched(tmp_path: Path, name: str, driver: str, timeout_ms: int) -> Bench:
    file = tmp_path / "mine.toml"
    section = f'\n[watchdog]\ndriver = "{driver}"\ntimeout_ms = {timeout_ms}\n'
    file.write_text((BOARD_FOLDER / f"{name}.toml").read_text() + section)
    bench = Bench(load_board(str(file)), tmp_path, Registers(IWDG), Registers(WDT), Registers(GPIO), Registers(RCC))
    bench.call("fp_watchdog_init")
    return bench


def test_the_stm32s_watchdog_is_started_and_fed(tmp_path: Path) -> None:
    """8 s at the fastest oscillator, 47 kHz / 256."""
    bench = watched(tmp_path, "stm32f4_discovery", "stm32_iwdg", 8000)
    iwdg = bench.peripheral(IWDG)
    assert iwdg.writes == [(0, 0xCCCC), (0, 0x5555), (4, 6), (8, 8000 * 183 // 1000), (0, 0xAAAA)]
    bench.call("fp_watchdog_feed")
    assert iwdg.writes[5:] == [(0, 0xAAAA)]


def test_the_nordics_watchdog_is_started_and_fed(tmp_path: Path) -> None:
    bench = watched(tmp_path, "nrf52840dk", "nrf_wdt", 8000)
    wdt = bench.peripheral(WDT)
    assert wdt.writes == [(0x50C, 1), (0x504, 8 * 32768 - 1), (0x508, 1), (0, 1)]
    bench.call("fp_watchdog_feed")
    assert wdt.writes[4:] == [(0x600, 0x6E52_4635)]


def test_a_watchdog_that_cannot_wait_so_long_does_not_compile(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="timeout_ms must be at most 22000"):
        watched(tmp_path, "stm32f4_discovery", "stm32_iwdg", 30_000)


# --- random numbers ---

RNG, NRF_RNG = 0x5006_0800, 0x4000_D000
BUFFER = 0x2008_0800


class Numbers(Registers):
    """Words one after the other, then nothing; or a fault."""

    def __init__(self, words: list[int], status: int = 1) -> None:
        super().__init__(RNG)
        self.words = words
        self.status = status

    def read(self, offset: int) -> int:
        if offset == 4:
            return self.status if self.words else 0
        return self.words.pop(0) if offset == 8 else super().read(offset)


def random_bytes(bench: Bench, length: int) -> bytes | None:
    good = bench.call("fp_board_random", BUFFER, length) & 0xFF
    return bench.memory(BUFFER, length) if good else None


def stm32_rng(tmp_path: Path, numbers: Numbers, name: str = "stm32f4_discovery") -> Bench:
    return Bench(load_board(name), tmp_path, Registers(RCC), numbers, Registers(GPIO))


@pytest.mark.parametrize("name", ["stm32f4_discovery", "stm32f746g_disco"])
def test_the_stm32_gives_random_numbers_but_the_first(tmp_path: Path, name: str) -> None:
    numbers = Numbers([1, 0x04030201, 0x08070605, 99])
    bench = stm32_rng(tmp_path, numbers, name)
    assert random_bytes(bench, 6) == bytes([1, 2, 3, 4, 5, 6])
    assert bench.peripheral(RCC).values[0x34] == 1 << 6
    assert numbers.writes == [(0, 4), (0, 0)]


@pytest.mark.parametrize(
    "numbers", [Numbers([1, 2, 2, 3]), Numbers([5, 5, 6, 7]), Numbers([1, 2])], ids=["first", "later", "end"]
)
def test_the_stm32_gives_nothing_when_numbers_repeat_or_end(tmp_path: Path, numbers: Numbers) -> None:
    assert random_bytes(stm32_rng(tmp_path, numbers), 8) is None


@pytest.mark.parametrize("fault", [1, 2, 5, 6])
def test_the_stm32_gives_nothing_when_it_finds_fault(tmp_path: Path, fault: int) -> None:
    assert random_bytes(stm32_rng(tmp_path, Numbers([1, 2, 3], 1 | 1 << fault)), 4) is None


@pytest.mark.parametrize("ready", [1, 0])
def test_the_nordic_gives_random_numbers(tmp_path: Path, ready: int) -> None:
    class Bytes(Registers):
        count = 0

        def read(self, offset: int) -> int:
            if offset == 0x508:
                self.count += 1
                return self.count
            return ready if offset == 0x100 else super().read(offset)

    rng = Bytes(NRF_RNG)
    bench = Bench(load_board("nrf52840dk"), tmp_path, rng, Registers(UARTE0), Registers(NRF_GPIO))
    assert random_bytes(bench, 3) == (b"\x01\x02\x03" if ready else None)
    assert rng.writes[:2] == [(0x504, 1), (0, 1)]
    assert rng.writes[-1] == (4, 1)
