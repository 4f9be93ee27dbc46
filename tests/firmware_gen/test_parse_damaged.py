"""Damaged files end in one line or in a model, never in another exception."""

import numpy as np
import pytest
from op_cases import CASES

from firmware_gen.parse import parse_bytes
from firmware_gen.passes import compile_graph
from host_bridge.errors import UserError

NAMES = ("network", "dense_per_tensor", "spatial_output", "transpose_conv_decoder", "float_both_ends", "mul_square")
VICTIMS = {case.name: case.model() for case in CASES if case.name in NAMES}
WORDS = (0, 1, 0xFFFFFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFF)


def _truncate(model: bytes, rng: np.random.Generator) -> bytes:
    return model[: rng.integers(0, len(model))]


def _flip_bytes(model: bytes, rng: np.random.Generator) -> bytes:
    changed = np.frombuffer(model, np.uint8).copy()
    changed[rng.integers(0, len(model), rng.integers(1, 5))] = rng.integers(0, 256)
    return changed.tobytes()


def _replace_word(model: bytes, rng: np.random.Generator) -> bytes:
    at = 4 * int(rng.integers(0, len(model) // 4))
    return model[:at] + int(rng.choice(WORDS)).to_bytes(4, "little") + model[at + 4 :]


@pytest.mark.parametrize("damage", [_truncate, _flip_bytes, _replace_word])
@pytest.mark.parametrize("victim", VICTIMS)
def test_damage_is_a_user_error_or_harmless(victim: str, damage: object) -> None:
    assert callable(damage)
    refused = 0
    for seed in range(100):
        mutant = damage(VICTIMS[victim], np.random.default_rng(seed))
        try:
            compile_graph(parse_bytes(mutant, "model.tflite"))
        except UserError as error:
            refused += 1
            assert str(error).startswith("model.tflite: ") or "writing '" in str(error) or "tensor " in str(error)
            assert "\n" not in str(error)
    assert refused >= (90 if damage is _truncate else 5)
