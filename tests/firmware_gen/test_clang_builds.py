"""The generated CMake project with clang instead of GCC: for this machine and for a board."""

import subprocess
from pathlib import Path

import pytest
from op_cases import CASES
from probe_firmware import require

from device_sim.emulators import start_emulator
from device_sim.session import open_link
from firmware_gen.boards import Board, load_board
from firmware_gen.build import build_firmware
from firmware_gen.toolchain import build_tool

NETWORK = next(case for case in CASES if case.name == "network")


def _clang(project: Path, build: Path, *options: object) -> Path:
    configure = [build_tool("cmake"), "-S", project, "-B", build, "-G", "Ninja",
                 f"-DCMAKE_MAKE_PROGRAM={build_tool('ninja')}", *options]  # fmt: skip
    for command in (configure, [build_tool("cmake"), "--build", build]):
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, timeout=300)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert ": warning: " not in done.stdout.replace("ld: warning", ""), done.stdout
    return build / "firmware.elf"


def _check_known_answer(elf: Path, emulator: str, board: Board, crc32: str) -> None:
    with start_emulator(emulator, elf, board) as emulated, open_link(emulated) as link:
        answer = link.selftest()
    assert answer.passed
    assert f"{answer.output_crc32:08x}" == crc32


def _project(folder: Path, target: str) -> tuple[Path, Board, str]:
    require("clang", "gcc")
    model, board = folder / "network.tflite", load_board("mps2_an386")
    model.write_bytes(NETWORK.model())
    report = build_firmware(model, board, folder / "project", target=target)
    return folder / "project", board, report.selftest_crc32


def test_clang_builds_for_this_machine(tmp_path: Path) -> None:
    project, board, crc32 = _project(tmp_path, "native")
    elf = _clang(project, tmp_path / "build", "-DCMAKE_C_COMPILER=clang")
    assert b"clang" in subprocess.run(["readelf", "-p", ".comment", elf], capture_output=True, check=True).stdout
    _check_known_answer(elf, "native", board, crc32)


@pytest.mark.qemu
def test_clang_builds_for_a_board(tmp_path: Path) -> None:
    require("arm-none-eabi-gcc", "qemu-system-arm")
    project, board, crc32 = _project(tmp_path, "board")
    elf = _clang(project, tmp_path / "build", "--toolchain", project / "toolchain-clang.cmake")
    _check_known_answer(elf, "qemu", board, crc32)
    assert "clang" in (tmp_path / "build" / "build.ninja").read_text()
