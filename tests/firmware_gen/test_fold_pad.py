"""Pads disappear where a convolution can pad for itself, and nowhere else."""

import pytest
from op_cases import CASES

from firmware_gen.parse import parse_bytes
from firmware_gen.passes import compile_graph
from firmware_gen.program import CopyCall


def _copies(name: str) -> int:
    case = next(case for case in CASES if case.name == name)
    program, _ = compile_graph(parse_bytes(case.model(), "model.tflite"))
    return sum(isinstance(call, CopyCall) for call in program.calls)


FOLDED = [case.name for case in CASES if case.name.startswith("pad_folds_")]


@pytest.mark.parametrize("name", FOLDED)
def test_a_convolution_takes_its_pad(name: str) -> None:
    assert _copies(name) == 0


@pytest.mark.parametrize(("name", "copies"), [("pad_all_around", 1), ("pad_channels", 1), ("pad_two_readers", 3)])
def test_other_pads_stay(name: str, copies: int) -> None:
    assert _copies(name) == copies


def test_there_is_something_to_fold() -> None:
    assert len(FOLDED) == 4
