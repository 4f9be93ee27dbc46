"""Flashing, as far as it goes without a board: what would be written, by pyOCD's own list of chips."""

import builtins
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from probe_firmware import build_probe, require
from pyocd.target import TARGET

from firmware_gen import flash
from firmware_gen.boards import board_names, load_board
from host_bridge.errors import UserError

ROOT = Path(__file__).resolve().parents[2]
WITH_PROBE = [name for name in board_names() if load_board(name).debug]


@pytest.fixture(scope="module")
def nordic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    require("arm-none-eabi-gcc")
    return build_probe(load_board("nrf52840dk"), tmp_path_factory.mktemp("nordic"))


@pytest.fixture
def packs(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if both STM32 packs were installed; their names are those of part numbers (STM32F407VGTx)."""
    names = {"stm32f407vgtx", "stm32f407vetx", "stm32f746nghx"}
    monkeypatch.setattr(flash, "_known_targets", lambda: set(TARGET) | names)


def test_the_promised_boards_can_be_written() -> None:
    assert {"stm32f4_discovery", "stm32f746g_disco", "nrf52840dk", "arduino_nano_33_ble"} <= set(WITH_PROBE)


@pytest.mark.parametrize("name", WITH_PROBE)
def test_a_chip_is_built_into_pyocd_or_its_pack_is_named(name: str) -> None:
    debug = load_board(name).debug
    assert debug is not None
    built_in = any(target.startswith(debug.target) for target in TARGET)
    assert built_in != bool(debug.pack), "a pack is named just where one is needed"


@pytest.mark.usefixtures("packs")
def test_targets_from_packs_are_found() -> None:
    assert flash.choose_target(load_board("stm32f4_discovery")) == "stm32f407vgtx"
    assert flash.choose_target(load_board("stm32f746g_disco")) == "stm32f746nghx"
    assert flash.choose_target(load_board("arduino_nano_33_ble")) == "nrf52840"


def test_a_missing_pack_is_named_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flash, "_known_targets", lambda: set(TARGET))
    with pytest.raises(
        UserError, match=r"chip stm32f407vg .*pack Keil\.STM32F4xx_DFP; run: pyocd pack install stm32f407vg"
    ):
        flash.choose_target(load_board("stm32f4_discovery"))


def test_without_pyocd_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def refuse(name: str, *arguments: Any) -> Any:
        if name.startswith("pyocd"):
            raise ImportError(name)
        return real(name, *arguments)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(UserError, match="pyocd is not installed; run: pip install pyocd"):
        flash.choose_target(load_board("nrf52840dk"))


def dry_run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "firmware_gen", "flash", *arguments, "--dry-run"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_dry_run_says_what_would_be_written(nordic: Path) -> None:
    done = dry_run(str(nordic), "--board", "nrf52840dk", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert (document["target"], document["first"], document["written"]) == ("nrf52840", 0, False)
    assert 1000 < document["end"] < 100_000
    spoken = dry_run(str(nordic), "--board", "nrf52840dk").stdout
    assert f"{document['end']:,} bytes at 0x00000000 would be written to nrf52840dk (target nrf52840)" in spoken


def test_a_firmware_that_would_hit_the_boot_loader_is_refused(nordic: Path) -> None:
    done = dry_run(str(nordic), "--board", "arduino_nano_33_ble")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "outside the flash of arduino_nano_33_ble (0x00010000 to 0x00100000)" in done.stderr


def test_a_project_for_another_board_is_refused(nordic: Path, tmp_path: Path) -> None:
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "firmware.elf").write_bytes(nordic.read_bytes())
    (tmp_path / "report.json").write_text('{"board": "stm32f4_discovery"}')
    with pytest.raises(UserError, match="was built for stm32f4_discovery, not for nrf52840dk"):
        flash.plan_flash(tmp_path, load_board("nrf52840dk"))
    (tmp_path / "report.json").write_text('{"board": "nrf52840dk"}')
    assert flash.plan_flash(tmp_path, load_board("nrf52840dk")).firmware == tmp_path / "build" / "firmware.elf"


def test_what_is_no_firmware_is_refused(tmp_path: Path) -> None:
    board = load_board("nrf52840dk")
    with pytest.raises(UserError, match="no firmware at"):
        flash.plan_flash(tmp_path, board)
    text = tmp_path / "x.elf"
    text.write_text("not an ELF file")
    with pytest.raises(UserError, match=r"cannot read .*x\.elf"):
        flash.plan_flash(text, board)
    with pytest.raises(UserError, match="is no firmware for an Arm core"):
        flash.plan_flash(Path(sys.executable).resolve(), board)
    with pytest.raises(UserError, match=r"mps2_an386 has no \[debug\] section"):
        flash.plan_flash(text, load_board("mps2_an386"))


class Probe:
    def __init__(self, name: str) -> None:
        self.unique_id = self.description = name


@pytest.mark.parametrize(
    ("probes", "message"),
    [([], "no debug probe is connected"), (["b", "a"], "several debug probes .* --probe: a, b")],
)
def test_the_probe_must_be_certain(monkeypatch: pytest.MonkeyPatch, probes: list[str], message: str) -> None:
    from pyocd.core.helpers import ConnectHelper

    monkeypatch.setattr(ConnectHelper, "get_all_connected_probes", lambda **_: [Probe(name) for name in probes])
    with pytest.raises(UserError, match=message):
        flash.flash(flash.FlashPlan("nrf52840dk", Path("x.elf"), 0, 1, "nrf52840"))
