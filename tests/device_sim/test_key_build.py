"""Firmware with a key: where the key is and is not, and boards that obey only who has it."""

import stat
from pathlib import Path

import pytest
from op_cases import CASES

from device_sim.emulators import start_emulator
from firmware_gen.boards import BOARD_FOLDER, Board, load_board
from firmware_gen.build import build_firmware
from host_bridge.client import Board as Link
from host_bridge.errors import UserError

KEY = bytes(range(100, 132))
NETWORK = next(case for case in CASES if case.name == "network")
RNG_TEST = """\
#include "board.h"
#include "cortex_m.h"
bool fp_board_random(uint8_t *bytes, uint32_t length) {
    static uint8_t count;
    for (uint32_t i = 0; i < length; i++) {
        bytes[i] = ++count;
    }
    return FP_RNG_WORKS;
}
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "network.tflite"
    path.write_bytes(NETWORK.model())
    return path


def check_board(elf: Path, emulator: str, board: Board) -> None:
    with start_emulator(emulator, elf, board) as running:
        with pytest.raises(UserError, match="obeys only who has its key"):
            Link.connect(running.url)
        with pytest.raises(UserError, match="does not have this key"):
            Link.connect(running.url, key=bytes(32))
        with Link.connect(running.url, key=KEY) as link:
            assert link.selftest().passed
            assert link.stats().refusals >= 1


def test_a_native_board_with_a_key(model: Path, tmp_path: Path) -> None:
    board, out = load_board("mps2_an386"), tmp_path / "firmware"
    report = build_firmware(model, board, out, target="native", key=KEY)
    check_board(report.elf, "native", board)
    header = ", ".join(f"0x{byte:02X}" for byte in KEY[:16])
    for path in out.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            has_key = KEY in content or header.encode() in content or KEY.hex().encode() in content.lower()
            assert has_key == (path.name in ("fp_device_key.h", "firmware.elf")), path
            assert not has_key or not stat.S_IMODE(path.stat().st_mode) & 0o077, path
    ignored = (out / ".gitignore").read_text().split()
    assert {"/src/fp_device_key.h", "/build/firmware.elf", "/build/firmware.hex", "/build/firmware.bin"} == set(ignored)


def test_without_a_key_nothing_of_it_is_there(model: Path, tmp_path: Path) -> None:
    build_firmware(model, load_board("mps2_an386"), tmp_path / "firmware", target="native")
    names = {path.name for path in (tmp_path / "firmware").rglob("*")}
    assert not names & {"monocypher", "monocypher.c", "fp_auth.c", "fp_device_key.h", ".gitignore"}


def test_a_board_without_random_numbers_gets_no_key(model: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"board mps2_an386 has no \[rng\] section"):
        build_firmware(model, load_board("mps2_an386"), tmp_path / "firmware", key=KEY)
    assert not (tmp_path / "firmware").exists()


def board_with_rng(folder: Path, works: int) -> Board:
    """QEMU's board, with a driver that only tests may have: its numbers can be foretold."""
    (folder / "rng_test.c").write_text(RNG_TEST)
    file = folder / "mine.toml"
    file.write_text((BOARD_FOLDER / "mps2_an386.toml").read_text() + f'\n[rng]\ndriver = "test"\nworks = {works}\n')
    return load_board(str(file))


@pytest.mark.qemu
def test_an_emulated_cortex_m_with_a_key(model: Path, tmp_path: Path) -> None:
    board = board_with_rng(tmp_path, works=1)
    check_board(build_firmware(model, board, tmp_path / "firmware", key=KEY).elf, "qemu", board)


@pytest.mark.qemu
def test_a_generator_that_fails_is_named(model: Path, tmp_path: Path) -> None:
    board = board_with_rng(tmp_path, works=0)
    elf = build_firmware(model, board, tmp_path / "firmware", key=KEY).elf
    with start_emulator("qemu", elf, board) as running, pytest.raises(UserError, match="no_entropy"):
        Link.connect(running.url, key=KEY)
