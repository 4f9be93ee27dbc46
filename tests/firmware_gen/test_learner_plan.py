"""Descriptions and plans of learners: what fits, what is refused, and the C that is written."""

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from pydantic import ValidationError

from firmware_gen.learner import LearnerDescription, Purpose, parse_description, plan_learner, render_learner
from host_bridge.errors import UserError

KB = 1024
LINK, STACK = 4 * KB, 4 * KB


def conv(name: str, source: int, channels: tuple[int, int], side: int, tensors: int) -> dict[str, object]:
    inputs, outputs = channels
    return {
        "name": name,
        "kind": "conv",
        "inputs": [source],
        "in_shape": [side, side, inputs],
        "out_shape": [side, side, outputs],
        "kernel_size": [3, 3],
        "padding": [1, 1],
        "activation": "relu",
        "kernel": tensors,
        "bias": tensors + 1,
    }


def pool(name: str, source: int, channels: int, side: int) -> dict[str, object]:
    shapes = {"in_shape": [side, side, channels], "out_shape": [side // 2, side // 2, channels]}
    return {"name": name, "kind": "max_pool", "inputs": [source], "kernel_size": [2, 2], "strides": [2, 2], **shapes}


def dense(name: str, source: int, shape: list[int], outputs: int, tensors: int) -> dict[str, object]:
    activation = "linear" if name == "logits" else "relu"
    ends = {"in_shape": shape, "out_shape": [1, 1, outputs], "kernel": tensors, "bias": tensors + 1}
    return {"name": name, "kind": "dense", "inputs": [source], "activation": activation, **ends}


def digits() -> dict[str, object]:
    """The model of ``make federate``, written by hand."""
    layers = [
        conv("conv1", -1, (1, 16), 8, 0),
        pool("pool1", 0, 16, 8),
        conv("conv2", 1, (16, 80), 4, 2),
        pool("pool2", 2, 80, 4),
        dense("dense", 3, [2, 2, 80], 1200, 4),
        dense("logits", 4, [1, 1, 1200], 10, 6),
    ]
    shapes = ([3, 3, 1, 16], [16], [3, 3, 16, 80], [80], [320, 1200], [1200], [1200, 10], [10])
    tensors = [
        {"name": f"t{number}", "shape": shape, "role": "bias" if number % 2 else "kernel"}
        for number, shape in enumerate(shapes)
    ]
    return {"name": "digits", "input_shape": [8, 8, 1], "classes": 10, "layers": layers, "tensors": tensors}


def described(**changes: object) -> LearnerDescription:
    return LearnerDescription.model_validate(digits() | changes)


@pytest.mark.parametrize(("encoding", "fits"), [("float32", True), ("float16", False), ("int8", True)])
def test_the_default_model_in_192_kb(encoding: str, fits: bool) -> None:
    """With 180 samples, its mask computed on the board, and room for whatever mask a seed gives."""
    purpose = Purpose(samples=180, sample_scale=1 / 16, encoding=encoding, epochs=4)  # type: ignore[arg-type]
    plan = plan_learner(described(), purpose)
    assert (plan.bytes + LINK + STACK <= 192 * KB) == fits
    known = Purpose(samples=180, sample_scale=1 / 16, encoding=encoding, epochs=4, values=8402)  # type: ignore[arg-type]
    assert plan_learner(described(), known).bytes + LINK + STACK <= 192 * KB


def test_regions_do_not_overlap() -> None:
    plan = plan_learner(described(), Purpose(samples=20, encoding="int8", proximal=True, epochs=2))
    spans = sorted(
        (plan.offsets[name], plan.offsets[name] + size) for name, size in plan.sizes.items() if name != "scratch"
    )
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))
    assert spans[-1][1] <= plan.bytes
    assert plan.offsets["scratch"] + plan.sizes["scratch"] <= plan.bytes
    assert plan.bytes % 8 == 0


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
