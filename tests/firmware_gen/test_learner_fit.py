"""Learners on boards: in one RAM or two, linked and started, or refused before anything is built."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from digits_learner import described
from elftools.elf.elffile import ELFFile
from unicorn import UC_ARCH_ARM, UC_MODE_MCLASS, UC_MODE_THUMB, Uc
from unicorn import arm_const as arm

from firmware_gen import learner_build
from firmware_gen.boards import Board, load_board
from firmware_gen.learner import Purpose
from firmware_gen.learner_build import build_learner
from firmware_gen.learner_fit import LINK_BYTES, STACK_BYTES, link_bytes
from firmware_gen.learner_report import LearnerReport
from host_bridge.errors import UserError

DEFAULT = Purpose(samples=216, sample_scale=1 / 16, epochs=4)
"""The largest shard of the default run, and room for the mask of any seed."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> LearnerReport:
    board = load_board("stm32f4_discovery")
    return build_learner(described(), DEFAULT, board, tmp_path_factory.mktemp("learner") / "out")


def test_the_default_learner_fits_the_two_rams_of_a_real_stm32f407(built: LearnerReport) -> None:
    sram, ccm = built.ram
    assert (sram.bytes, ccm.bytes) == (128 << 10, 64 << 10)
    assert [(block.name, block.kind) for block in ccm.blocks] == [("fp_arena_second", "arena")]
    assert {block.name for block in sram.blocks} >= {"stack", "fp_arena", "fp_rx", "fp_application"}
    assert (
        built.ram_bytes["arena"]
        == built.block_bytes
        == sum(block.bytes for region in built.ram for block in region.blocks if block.kind == "arena")
    )
    assert built.ram_bytes["stack"] == STACK_BYTES
    assert built.ram_bytes["total"] <= sram.used_bytes + ccm.used_bytes + 16
    assert built.ram_bytes["other"] <= LINK_BYTES
    assert built.stack is not None
    assert (built.stack.worst_case_bytes or STACK_BYTES) < STACK_BYTES


class Chip:
    """A Cortex-M4 with exactly a board's memory, all of it full of rubbish; peripherals are plain memory."""

    def __init__(self, elf: Path, board: Board) -> None:
        self.uc = Uc(UC_ARCH_ARM, UC_MODE_THUMB | UC_MODE_MCLASS)
        self.uc.ctl_set_cpu_model(arm.UC_CPU_ARM_CORTEX_M4)
        for region in (*board.flash, *board.ram):
            self.uc.mem_map(region.origin, region.bytes)
            self.uc.mem_write(region.origin, b"\xaa" * region.bytes)
        for peripherals in (0x4000_0000, 0xE000_0000):
            self.uc.mem_map(peripherals, 0x10_0000)
        with elf.open("rb") as stream:
            file = ELFFile(stream)
            table = file.get_section_by_name(".symtab")
            self.symbols = {one.name: int(one["st_value"]) for one in table.iter_symbols()}
            for segment in file.iter_segments("PT_LOAD"):
                if segment["p_filesz"]:
                    self.uc.mem_write(segment["p_paddr"], segment.data())
        self.uc.reg_write(arm.UC_ARM_REG_SP, self.symbols["fp_stack_top"])

    def run(self, start: str, until: str) -> None:
        self.uc.emu_start(self.symbols[start] | 1, self.symbols[until] & ~1, timeout=60_000_000)
        assert self.uc.reg_read(arm.UC_ARM_REG_PC) == self.symbols[until] & ~1


def test_start_up_clears_both_rams_and_the_learner_takes_them(built: LearnerReport) -> None:
    chip = Chip(built.elf, load_board("stm32f4_discovery"))
    chip.run("Reset_Handler", until="main")
    for region in built.ram:
        for block in region.blocks:
            if block.kind == "arena":
                assert block.address is not None
                assert bytes(chip.uc.mem_read(block.address, block.bytes)) == bytes(block.bytes)
    chip.run("main", until="fp_device_poll")  # it would have ended, had fp_learning_init refused its memory


@pytest.fixture
def nothing_is_built(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def fail(*_: Any) -> None:
        raise AssertionError("it went on to build")

    monkeypatch.setattr(learner_build, "run_cmake", fail)
    monkeypatch.setattr(learner_build, "write_project", fail)
    yield


@pytest.mark.usefixtures("nothing_is_built")
@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        ("stm32f4_discovery", {"encoding": "float16"}, (r"sram \d+ of 131072 and ccm \d+ of 65536", "bake or send")),
        ("stm32f4_qemu", {"encoding": "float16"}, (r"needs sram \d+ of 196608 bytes", "as float32")),
        ("stm32f4_qemu", {"samples": 3000, "seeded": False}, ("samples take most with 192000 bytes", "fewer samples")),
        ("microbit", {}, (r"ram \d+ of 16384 bytes", "a larger board")),
    ],
)
def test_what_does_not_fit_is_refused_before_any_build(
    tmp_path: Path, name: str, changes: dict[str, Any], words: tuple[str, ...]
) -> None:
    with pytest.raises(UserError, match=f"does not fit the RAM of {name}") as refusal:
        build_learner(described(), replace(DEFAULT, **changes), load_board(name), tmp_path / "out")
    for word in words:
        assert refusal.match(word)
    assert "\n" not in str(refusal.value)
    assert ("bake or send" in str(refusal.value)) == changes.get("seeded", True)
    assert not (tmp_path / "out").exists()


def test_the_planner_leaves_room_for_the_driver_that_takes_most(tmp_path: Path) -> None:
    """The UARTE's DMA has a landing place beside the ring; with a key there are sessions with tags."""
    report = build_learner(described(), DEFAULT, load_board("nrf52840dk"), tmp_path / "out", key=bytes(range(32)))
    most = link_bytes(keyed=True)
    assert most - 256 <= report.ram_bytes["other"] <= most
