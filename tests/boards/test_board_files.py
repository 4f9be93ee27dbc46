"""Board files: the ones that come along, a user's own, and bad ones."""

import itertools
import re
import subprocess
import sys
from pathlib import Path

import pytest
from probe_firmware import build_probe

from firmware_gen.board_render import board_defines, render_board_files
from firmware_gen.boards import BOARD_FOLDER, board_names, load_board
from host_bridge.errors import UserError

GOOD = (BOARD_FOLDER / "mps2_an386.toml").read_text()


def write_board(folder: Path, text: str) -> str:
    path = folder / "mine.toml"
    path.write_text(text)
    return str(path)


def test_the_module_wins_over_the_folder_of_the_same_name() -> None:
    code = "import firmware_gen.boards as b; print(b.__file__, len(b.board_names()))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.split()[0].endswith("boards.py")
    assert {path.suffix for path in BOARD_FOLDER.iterdir()} == {".toml"}


def test_the_promised_boards_are_there() -> None:
    assert {"stm32f4_discovery", "mps2_an386"} <= set(board_names())


@pytest.mark.parametrize("name", board_names())
def test_a_board_is_what_its_file_is_called(name: str) -> None:
    board = load_board(name)
    assert board.name == name
    assert len(board.drivers) == len(board.devices) == 4
    assert all(path.is_file() for path in board.drivers)


@pytest.mark.parametrize("name", board_names())
def test_regions_are_disjoint(name: str) -> None:
    board = load_board(name)
    for one, other in itertools.combinations((*board.flash, *board.ram), 2):
        assert not set(range(one.origin, one.end, 1024)) & set(range(other.origin, other.end, 1024))


def test_the_discovery_board_is_the_chip_and_not_the_emulator() -> None:
    """DS8626: 1 MB flash, 112 + 16 KB SRAM, 64 KB CCM; QEMU's machine has 192 KB in one piece."""
    board = load_board("stm32f4_discovery")
    assert [(region.origin, region.bytes) for region in board.flash] == [(0x08000000, 1 << 20)]
    assert [(region.origin, region.bytes) for region in board.ram] == [(0x20000000, 128 << 10), (0x10000000, 64 << 10)]


@pytest.mark.parametrize("name", board_names())
@pytest.mark.parametrize("optimise", ["-O2", "-Os"])
def test_ports_compile_and_link(tmp_path: Path, name: str, optimise: str) -> None:
    """The rendered linker script puts vectors at the start of flash and the stack at the start of RAM."""
    board = load_board(name)
    elf = build_probe(board, tmp_path, optimise=optimise)
    listing = subprocess.run(["arm-none-eabi-nm", str(elf)], capture_output=True, text=True, check=True).stdout
    symbols = {line.split()[2]: int(line.split()[0], 16) for line in listing.splitlines() if len(line.split()) == 3}
    origins = {region.name: region.origin for region in board.flash}
    assert symbols["vectors"] == origins[board.vectors or board.flash[0].name]
    assert symbols["fp_stack_bottom"] == board.ram[0].origin
    assert symbols["fp_stack_top"] == board.ram[0].origin + board.stack_bytes
    assert symbols["fp_stack_top"] <= symbols["fp_data_start"] <= symbols["fp_bss_end"] <= board.ram[0].end
    assert board.flash[0].origin < symbols["fp_data_image"] < board.flash[0].end


def test_rendering_is_repeatable_and_names_no_path() -> None:
    first, second = (render_board_files(load_board("stm32f4_discovery")) for _ in range(2))
    assert first == second
    assert not any(str(Path.home()) in text or str(BOARD_FOLDER) in text for text in first.values())


def test_every_driver_key_becomes_a_define() -> None:
    values = {define.name: define.value for define in board_defines(load_board("stm32f4_discovery"))}
    assert values["FP_UART_BASE"] == "0x40004400u"
    assert values["FP_UART_IRQ"] == "38u"
    assert values["FP_CLOCK_PLL_N"] == "336u"
    assert values["FP_BOARD_NAME"] == '"stm32f4_discovery"'


def test_a_wrong_clock_does_not_compile(tmp_path: Path) -> None:
    text = (BOARD_FOLDER / "stm32f4_discovery.toml").read_text().replace("pll_n = 336", "pll_n = 320")
    with pytest.raises(AssertionError, match=r"clock_hz is not hse_hz"):
        build_probe(load_board(write_board(tmp_path, text)), tmp_path)


def test_unknown_board_lists_the_choices() -> None:
    with pytest.raises(UserError, match=r"unknown board 'nucleo'.*mps2_an386, .*stm32f4_discovery"):
        load_board("nucleo")


def test_a_users_board_file_is_loaded(tmp_path: Path) -> None:
    path = write_board(tmp_path, GOOD.replace("mps2_an386", "mine").replace("8192", "4096"))
    assert load_board(path).name == "mine"
    assert load_board(path).stack_bytes == 4096


def test_a_users_driver_lies_beside_the_board_file(tmp_path: Path) -> None:
    driver = tmp_path / "uart_mine.c"
    driver.write_text("int x = FP_UART_BASE + FP_UART_IRQ + FP_UART_BAUD + FP_UART_SPECIAL;\n")
    text = GOOD.replace('driver = "cmsdk_uart"', 'driver = "mine"\nspecial = 3')
    assert driver in load_board(write_board(tmp_path, text)).drivers


BAD = {
    "missing key": (('title = "Arm MPS2 with FPGA image AN386"\n', ""), "'title' is missing"),
    "unknown key": (("stack_bytes", "speed = 3\nstack_bytes"), "'speed' is not a key"),
    "text for a number": (("stack_bytes = 8192", 'stack_bytes = "8k"'), "'stack_bytes'"),
    "odd stack": (("stack_bytes = 8192", "stack_bytes = 8191"), "'stack_bytes'.*multiple of 8"),
    "stack as large as RAM": (("stack_bytes = 8192", "stack_bytes = 4194304"), "stack_bytes = 4194304 leaves nothing"),
    "unknown core": (("cortex-m4", "cortex-a9"), r"'core\.cpu'"),
    "hard float without FPU": (('fpu = "fpv4-sp-d16"\n', ""), "float_abi"),
    "overlapping regions": (("0x2100_0000", "0x2030_0000"), "'ssram23' and 'psram' overlap"),
    "region past the end": (("origin = 0x2100_0000", "origin = 0xFF80_0000"), "'psram' ends behind the address space"),
    "vectors nowhere": (("stack_bytes", 'vectors = "ssram23"\nstack_bytes'), "vectors = 'ssram23' is no flash region"),
    "negative origin": (("origin = 0x2100_0000", "origin = -4"), r"'ram\.1\.origin'"),
    "interrupt outside the table": (("irq = 0 ", "irq = 32 "), r"uart\.irq = 32 must be below core\.irq_count = 32"),
    "missing driver": (
        ('"cmsdk_uart"', '"pl011"'),
        r"'uart\.driver': there is no driver 'pl011'.*cmsdk_uart, .*stm32_usart",
    ),
    "key no driver reads": (("baud = 115_200", "baud = 115_200\nparity = 1"), r"'uart\.parity' is not a key of driver"),
    "key the driver needs": (('driver = "none"', 'driver = "stm32f4_pll"'), r"'clock\.apb1_divider' is missing"),
    "region that no RAM is": (
        ("serial_index = 0", 'serial_index = 0\nlacks = { ccm = "8.0" }'),
        "names 'ccm', which is no",
    ),
    "machine without successor": (("serial_index = 0", 'serial_index = 0\nbefore = "8.0"'), "before and instead go"),
    "odd version": (("serial_index = 0", 'serial_index = 0\nlacks = { psram = "new" }'), r"lacks\.psram"),
    "not TOML": (("[core]", "[core"), "not valid TOML"),
    "name for a path": (('name = "mps2_an386"', 'name = "../x"'), "'name'"),
    "text that breaks out of a comment": (("FPGA image", "*/ FPGA image"), "'title'"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_board_files_name_file_and_key(tmp_path: Path, case: str) -> None:
    (old, new), message = BAD[case]
    assert old in GOOD
    path = write_board(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(UserError, match=message) as caught:
        load_board(path)
    assert path in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_board_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"cannot read board file .*none\.toml"):
        load_board(str(tmp_path / "none.toml"))


@pytest.mark.parametrize("name", board_names())
def test_what_is_verified_names_an_emulator_of_the_board_and_its_version(name: str) -> None:
    board = load_board(name)
    for one in board.verified:
        assert one.on in (*board.emulators.names, "native", "hardware")
        assert re.fullmatch(r"[0-9]+(\.[0-9]+)+", one.version)
    if board.emulators.qemu:
        assert any(one.on == "qemu" for one in board.verified), "QEMU is here: try the board, then say so"
