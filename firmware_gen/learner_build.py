"""From a learner's description to a firmware: plan, render, compile, measure."""

import shutil
from pathlib import Path
from typing import Any

from firmware_gen.authentication import check_random_numbers, hide_key
from firmware_gen.board_render import Target
from firmware_gen.boards import Board
from firmware_gen.build import BUILD_FOLDER, ELF, SCRATCH
from firmware_gen.elf_sizes import read_sizes
from firmware_gen.learner import BakedMask, LearnerDescription, LearnerPlan, Purpose, plan_learner, render_learner
from firmware_gen.learner_fit import check_learner_fits, learner_board, link_bytes, room_of, too_large
from firmware_gen.learner_report import LearnerReport
from firmware_gen.out_folder import REPORT_NAME, check_out
from firmware_gen.project import PRODUCTS, write_project
from firmware_gen.ram_map.regions import linked_regions
from firmware_gen.stack.report import StackReport, stack_report
from firmware_gen.toolchain import LinkOverflowError, compiler_version, find_compiler, run_cmake
from firmware_gen.version import TOOL_VERSION
from host_bridge.atomic import staged_directory

_DEFINES = ("FP_EXTENDED=1", "FP_REQUESTS_UNDER_WAY=3u", "FP_RX_RING_BYTES=4096u")
"""Three full frames may be under way, and the receive ring holds them."""
KEYED_DEFINES = ("FP_MAX_PAYLOAD=2304u", "FP_RX_WINDOW=4096u")
"""Tags are 24 bytes a frame, so frames are longer: they then add less than 5 % to 5,000 values. The ring holds one."""


def build_learner(
    description: LearnerDescription,
    purpose: Purpose,
    board: Board,
    out: Path,
    *,
    target: Target = "board",
    mask: BakedMask | None = None,
    sanitize: bool = False,
    key: bytes | None = None,
) -> LearnerReport:
    """Build the firmware of a client.

    Args:
        description: the training graph.
        purpose: what it must have room for.
        board: where it is to run.
        out: project folder; replaced whole when everything succeeded, untouched otherwise.
        target: ``board`` cross-compiles; ``native`` compiles the same sources for this machine.
        mask: baked into the firmware; None to compute or load it.
        sanitize: with address and undefined-behaviour sanitizers (``native`` only).
        key: the board's: the firmware obeys only who has it.

    Raises:
        UserError: the network cannot be trained on boards or does not fit, a tool is missing, ``out`` is not writable.
    """
    out = check_out(out)
    find_compiler(target)
    if key is not None:
        check_random_numbers(board, target)
    board = learner_board(board)
    other = link_bytes(keyed=key is not None)
    plan = plan_learner(description, purpose, mask, room_of(board, other) if target == "board" else None)
    if target == "board":
        check_learner_fits(plan, board, other)
    sources = render_learner(description, plan, mask)
    defines = _DEFINES if key is None else (*_DEFINES, *KEYED_DEFINES)
    with staged_directory(out) as staging:
        write_project(
            staging, sources, description.name, board,
            target=target, sanitize=sanitize, defines=defines, kind="learner", key=key,
        )  # fmt: skip
        stack = _compile(staging, plan, board, target, other)
        sizes = read_sizes(staging / ELF, board if target == "board" else None)
        report = LearnerReport(
            **_planned(description, plan),
            board=board.name,
            target=target,
            compiler=compiler_version(target),
            flash_bytes=sizes.flash,
            ram_bytes=sizes.ram,
            ram=linked_regions(staging / ELF, board) if target == "board" else (),
            stack=stack,
            flash_capacity=board.flash[0].bytes,
            ram_capacity=sum(region.bytes for region in board.ram[: 2 if plan.second_bytes else 1]),
            files=tuple(f"{BUILD_FOLDER}/{name}" for name in PRODUCTS[target]),
            elf=out / ELF,
        )
        (staging / REPORT_NAME).write_text(report.model_dump_json(indent=2) + "\n", encoding="utf-8")
        hide_key(staging)
    return report


def _compile(project: Path, plan: LearnerPlan, board: Board, target: Target, other: int) -> StackReport | None:
    """Run CMake in a scratch folder and keep the products; on a board the stack must not outgrow its place."""
    scratch, products = project / SCRATCH, project / BUILD_FOLDER
    try:
        run_cmake(project, scratch, target)
    except LinkOverflowError as error:
        raise too_large(plan, board, other + max(error.overflows.values())) from error
    stack = stack_report(scratch, scratch / "firmware.elf", board) if target == "board" else None
    products.mkdir()
    for name in PRODUCTS[target]:
        shutil.move(scratch / name, products / name)
    shutil.rmtree(scratch)
    return stack


def _planned(description: LearnerDescription, plan: LearnerPlan) -> dict[str, Any]:
    """What the report says that is known before anything is compiled."""
    purpose = plan.purpose
    return {
        "tool_version": TOOL_VERSION,
        "learner": description.name,
        "description_sha256": description.sha256,
        "samples": purpose.samples,
        "sample_format": purpose.sample_format,
        "encoding": purpose.encoding,
        "epochs": purpose.epochs,
        "seeded": plan.sizes["scratch"] > 0,
        "value_capacity": plan.value_capacity,
        "block_bytes": plan.total_bytes,
        "regions": plan.sizes,
    }
