"""The RAM map: agrees with the linked program and the plan, in JSON, in the picture and on the console."""

import json
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from op_cases import CASES
from probe_firmware import require

from firmware_gen.boards import load_board
from firmware_gen.build import build_firmware
from firmware_gen.parse import parse_bytes
from firmware_gen.passes import compile_graph
from firmware_gen.ram_map.arena import arena_report
from firmware_gen.report import FirmwareReport
from firmware_gen.report_build import analyze_model
from firmware_gen.tables import print_analysis, print_firmware

BOARD = "stm32f4_discovery"
NETWORK = next(case for case in CASES if case.name == "network")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "network.tflite"
    path.write_bytes(NETWORK.model())
    return path


@pytest.fixture(scope="module")
def built(model: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, FirmwareReport]:
    require("arm-none-eabi-gcc", "arm-none-eabi-objdump")
    out = tmp_path_factory.mktemp("project") / "firmware"
    return out, build_firmware(model, load_board(BOARD), out)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_buffers_alive_together_do_not_overlap(case: object) -> None:
    program, plan = compile_graph(parse_bytes(case.model(), "model.tflite"))  # type: ignore[attr-defined]
    arena = arena_report(program, plan)
    assert len(arena.calls) == len(program.calls)
    for number, call in enumerate(arena.calls):
        alive = [one for one in arena.buffers if one.first <= number <= one.last and one.bytes]
        placed = sorted(alive, key=lambda one: one.offset)
        assert all(one.offset + one.bytes <= other.offset for one, other in pairwise(placed))
        assert call.alive_bytes == sum(one.bytes for one in alive) <= arena.lower_bound <= arena.bytes
        assert all(one.offset + one.bytes <= arena.bytes for one in alive)
    layers = [call.layer for call in arena.calls]
    assert layers == sorted(layers) and set(layers) == set(range(len(set(layers))))


def test_regions_add_up_to_what_is_linked(built: tuple[Path, FirmwareReport]) -> None:
    _, report = built
    assert report.ram_map is not None
    first, *others = report.ram_map.regions
    assert (first.name, first.bytes) == ("sram", report.ram_capacity)
    assert not any(region.used_bytes for region in others)
    by_kind = {kind: sum(one.bytes for one in first.blocks if one.kind == kind) for kind in ("stack", "arena", "link")}
    assert by_kind["stack"] == report.ram_bytes["stack"] and by_kind["arena"] == report.ram_bytes["arena"]
    assert by_kind["link"] > 2 * 1024
    assert 0 <= report.ram_bytes["total"] - first.used_bytes < 8  # the sections' ends are aligned
    for one, other in pairwise(first.blocks):
        assert one.address is not None and one.address + one.bytes == other.address


def test_report_files_hold_the_map(built: tuple[Path, FirmwareReport]) -> None:
    out, report = built
    stored = json.loads((out / "report.json").read_text())
    assert report.ram_map is not None
    assert stored["ram_map"] == report.ram_map.model_dump(mode="json")
    titles = [one.text or "" for one in ElementTree.fromstring((out / "ram_map.svg").read_text()).iter() if one.text]
    for buffer in report.ram_map.arena.buffers:
        assert any(title.startswith(f"{buffer.name} ({buffer.kind}): bytes {buffer.offset:,} to ") for title in titles)


def test_analyze_plans_the_regions_of_a_board(model: Path) -> None:
    report = analyze_model(model, load_board(BOARD))
    assert report.ram_map is not None
    planned = report.ram_map.regions[0].blocks
    assert [(one.kind, one.address) for one in planned] == [("stack", None), ("arena", None)]
    assert analyze_model(model, None).ram_map == report.ram_map.model_copy(update={"regions": ()})


def test_consoles_print_the_map(
    built: tuple[Path, FirmwareReport], model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    print_analysis(analyze_model(model, load_board(BOARD)))
    planned = capsys.readouterr().out
    assert "RAM map" in planned and "scratch" in planned and "-1 to " in planned
    print_firmware(built[1], built[0])
    linked = capsys.readouterr().out
    assert "fp_arena" in linked and "0x20000000" in linked and "fp_rx" in linked
