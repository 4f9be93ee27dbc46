"""Descriptions and plans of learners: what fits, what is refused, and the C that is written."""

import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from digits_learner import described, digits
from pydantic import ValidationError

from firmware_gen.boards import load_board
from firmware_gen.learner import LearnerDescription, Purpose, parse_description, plan_learner, render_learner
from firmware_gen.learner.pieces import LASTING, SCRATCH, SCRATCHED, Room, place
from firmware_gen.learner_fit import learner_board, room_of
from host_bridge.errors import UserError

KB = 1024


@pytest.mark.parametrize(("encoding", "fits"), [("float32", True), ("float16", False), ("int8", False)])
def test_the_default_model_in_192_kb(encoding: str, fits: bool) -> None:
    """With the largest shard of the default run, and room for whatever mask a seed gives; or for the mask of seed 1."""
    board = load_board("stm32f4_qemu")
    purpose = Purpose(samples=216, sample_scale=1 / 16, encoding=encoding, epochs=4)  # type: ignore[arg-type]
    room = room_of(learner_board(board))
    assert board.ram[0].bytes == 192 * KB
    assert (plan_learner(described(), purpose, room=room).bytes <= room.first) == fits
    assert plan_learner(described(), replace(purpose, values=8402), room=room).bytes <= room.first


ROOMS = {
    "one piece": None,
    "nothing fits": Room(100, 100),
    "mask apart": Room(6000, 60_000),
    "even": Room(40_000, 40_000),
}


@pytest.mark.parametrize("room", ROOMS.values(), ids=ROOMS)
@pytest.mark.parametrize("seeded", [True, False])
def test_regions_do_not_overlap(room: Room | None, seeded: bool) -> None:
    purpose = Purpose(samples=20, encoding="int8", proximal=True, epochs=2, seeded=seeded, sparsity=0.995)
    plan = plan_learner(described(), purpose, room=room)
    spans = {name: (plan.offsets[name], plan.offsets[name] + size) for name, size in plan.sizes.items() if size}
    over = {name: spans.pop(name) for name in SCRATCH if name in spans}
    mask = {name: spans[name] for name in LASTING}
    for apart in (spans, mask | over):
        ordered = sorted(apart.values())
        assert all(end <= start for (_, end), (start, _) in pairwise(ordered))
    for start, end in (*spans.values(), *over.values()):
        assert end <= plan.bytes or (plan.bytes <= start and end <= plan.bytes + plan.second_bytes)
        assert start % 4 == 0
    assert seeded == bool(over)
    assert plan.bytes % 8 == plan.second_bytes % 8 == plan.offsets["scratch"] % 8 == 0
    assert (plan.second_bytes > 0) == (room is not None)


def test_the_second_piece_takes_as_little_as_can_be() -> None:
    sizes = dict.fromkeys((*LASTING, *SCRATCHED, *SCRATCH), 0) | {"starts": 8, "values": 400, "velocity": 400}
    sizes |= {"samples": 104}
    for first, second in ((912, 0), (904, 104), (808, 104), (800, 400), (504, 504), (400, 800)):
        pieces = place(sizes, Room(first, 1000))
        assert (pieces.second, pieces.excess(Room(first, 1000))) == (second, 0)
    assert place(sizes, Room(8, 800)).excess(Room(8, 800)) == 104


def test_the_c_is_formatted_and_compiles(tmp_path: Path) -> None:
    """The same text twice, as clang-format would have it, without a warning."""
    plan = plan_learner(described(), Purpose(samples=20))
    sources = render_learner(described(), plan)
    assert sources == render_learner(described(), plan)
    root = Path(__file__).resolve().parents[2]
    for name, text in sources.items():
        (tmp_path / name).write_text(text)
        formatter = str(Path(sys.executable).with_name("clang-format"))
        style = f"--style=file:{root / '.clang-format'}"
        done = subprocess.run([formatter, style, str(tmp_path / name)], capture_output=True, text=True, check=True)
        assert done.stdout == text
    warnings = ("-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror")
    include = f"-I{root / 'firmware_gen' / 'runtime' / 'include'}"
    command = ["gcc", *warnings, include, "-c", "-o", str(tmp_path / "data.o"), str(tmp_path / "fp_learner_data.c")]
    subprocess.run(command, check=True)


def changed(position: int, **changes: object) -> LearnerDescription:
    content = digits()
    layers = content["layers"]
    assert isinstance(layers, list)
    layers[position] = layers[position] | changes
    return LearnerDescription.model_validate(content)


REFUSED = {
    "conv2: it reads a layer that does not come before": changed(2, inputs=[4]),
    "conv2: it reads a tensor of another shape": changed(2, inputs=[0]),
    "conv2: its kernel is of shape": changed(2, kernel=0),
    "conv2: it names a tensor": changed(2, kernel=99),
    "conv2: its bias is not of shape": changed(2, bias=1),
    "conv2: a window lies outside": changed(2, padding=[3, 1]),
    "conv2: sizes go to": changed(2, strides=[300, 1]),
    "pool1: pooling keeps the channels": changed(1, out_shape=[4, 4, 15]),
    "logits: the last layer must give 11": described(classes=11),
    "every tensor must belong": changed(5, bias=None),
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_does_not_fit_together_is_refused_by_name(message: str) -> None:
    with pytest.raises(UserError, match=message.replace("(", "\\(")):
        plan_learner(REFUSED[message], Purpose(samples=3))


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"name": "x"}'])
def test_what_is_no_description(text: str) -> None:
    with pytest.raises(UserError, match="not a learner's description"):
        parse_description(text)


def test_a_description_survives_json() -> None:
    assert parse_description(described().model_dump_json()) == described()
    with pytest.raises(ValidationError):
        described(classes=1)


@pytest.mark.parametrize("given", [{"samples": 0}, {"samples": 70_000}, {"samples": 3, "epochs": 0}])
def test_purposes_out_of_range(given: dict[str, int]) -> None:
    with pytest.raises(UserError):
        plan_learner(described(), Purpose(**given))
