"""Initial weights against docs/seeded-init.md, its vectors, an independent computation, and the C in that text."""

import ctypes
import json
import re
import shutil
import subprocess
from functools import reduce
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import seeded_init_reference as reference

from trainer.initialisers import initial_weights, rescale_survivors
from trainer.initialisers.he_uniform import he_uniform, random_words
from trainer.initialisers.philox import philox4x32
from trainer.initialisers.survivors import survivor_scale
from trainer.tensors import Role, TensorSpec

DOCS = Path(__file__).resolve().parents[2] / "docs"
VECTORS = json.loads((DOCS / "seeded-init-vectors.json").read_text())
SPECS = (
    TensorSpec("conv/kernel", (3, 3, 5, 7), True),
    TensorSpec("conv/bias", (7,), False, Role.BIAS),
    TensorSpec("dense/kernel", (251, 3), True),
)
NORMALISATION = (
    TensorSpec("norm/gamma", (5,), False, Role.SCALE),
    TensorSpec("norm/beta", (5,), False, Role.BIAS),
    TensorSpec("depthwise/kernel", (3, 5, 7, 1), False, Role.DEPTHWISE),
    TensorSpec("norm/moving_mean", (5,), False, Role.MEAN),
    TensorSpec("norm/moving_variance", (5,), False, Role.VARIANCE),
)
SEED = 0xFEDC_BA98_7654_3210


def hex_bits(values: np.ndarray) -> list[str]:
    return [f"{bits:08x}" for bits in np.atleast_1d(values).astype(np.float32).view(np.uint32)]


def test_the_vectors_are_those_of_the_independent_computation() -> None:
    assert reference.vectors() == VECTORS


@pytest.mark.parametrize("answer", VECTORS["philox"])
def test_philox_gives_the_published_answers(answer: dict[str, list[str]]) -> None:
    counter, key = ([int(word, 16) for word in answer[name]] for name in ("counter", "key"))
    expected = [int(word, 16) for word in answer["output"]]
    assert reference.philox(counter, key) == expected
    assert philox4x32(np.array([counter], np.uint32), (key[0], key[1])).tolist() == [expected]


def test_words_of_a_tensor_do_not_depend_on_how_many_are_drawn() -> None:
    expected = [reference.word(SEED, 5, index) for index in range(11)]
    for count in range(12):
        assert random_words(SEED, 5, count).tolist() == expected[:count]


@pytest.mark.parametrize("row", [row for row in VECTORS["weights"] if int(row["index"]) < 10**6])
def test_weights_have_the_bits_of_the_vectors(row: dict[str, str | int]) -> None:
    index = int(row["index"])
    words = random_words(int(row["seed"]), int(row["tensor"]), index + 1)
    assert hex_bits(he_uniform(words[index:], int(row["fan_in"]))) == [row["weight"]]


def test_a_whole_model_equals_the_independent_computation() -> None:
    kernel, bias, dense = initial_weights(SEED, SPECS)
    assert not bias.any()
    for tensor, got, fan_in in ((0, kernel, 45), (2, dense, 251)):
        expected = [reference.weight(SEED, tensor, index, fan_in) for index in range(got.size)]
        assert got.dtype == np.float32
        assert got.ravel().tolist() == expected
        assert np.all(got != 0)
        assert np.abs(got).max() <= np.sqrt(6 / fan_in)


def test_a_depthwise_kernel_is_drawn_for_its_window_and_normalisations_start_at_the_identity() -> None:
    gamma, beta, kernel, mean, variance = initial_weights(SEED, NORMALISATION)
    assert [value.tolist() for value in (gamma, beta, mean, variance)] == [[1] * 5, [0] * 5, [0] * 5, [1] * 5]
    assert kernel.ravel().tolist() == [reference.weight(SEED, 2, index, 15) for index in range(kernel.size)]


@pytest.mark.parametrize("word", [0, 255, 256, 2**31 - 1, 2**31, 2**32 - 1])
def test_extreme_words(word: int) -> None:
    odd = 2 * (word >> 8) - (2**24 - 1)
    assert odd % 2 == 1
    expected = reference.single(odd * (reference.single(6**0.5) / 2**24))
    assert he_uniform(np.array([word], np.uint32), 1).tolist() == [expected]


@pytest.mark.parametrize("row", VECTORS["units"])
def test_rescaled_units_have_the_bits_of_the_vectors(row: dict[str, Any]) -> None:
    shape, unit, kept = tuple(row["shape"]), row["unit"], row["kept"]
    initial = he_uniform(random_words(int(row["seed"]), row["tensor"], prod(shape)), shape[0]).reshape(shape)
    mask = np.random.default_rng(1).random(shape) < 0.5
    mask[:, unit] = np.isin(np.arange(shape[0]), kept)
    masked = np.where(mask, initial, np.float32(0))
    assert hex_bits(survivor_scale(masked)[unit]) == [row["scale"]]
    rescaled = rescale_survivors((TensorSpec("dense/kernel", shape, True),), (initial,), (mask,))[0]
    assert hex_bits(rescaled[kept, unit]) == row["initial"]
    assert np.count_nonzero(rescaled[:, unit]) == len(kept)


def test_rescaling_a_model_equals_the_independent_computation() -> None:
    random = np.random.default_rng(3)
    masks = tuple(random.random(spec.shape) < 0.2 if spec.prunable else None for spec in SPECS)
    rescaled = rescale_survivors(SPECS, initial_weights(SEED, SPECS), masks)
    for tensor, got, mask in zip(range(3), rescaled, masks, strict=True):
        if mask is None:
            assert not got.any()
            continue
        rows = got.reshape(-1, mask.shape[-1])
        for unit, held in enumerate(mask.reshape(rows.shape).T):
            kept = tuple(int(row) for row in np.flatnonzero(held))
            weights = reference.unit_weights(reference.Unit(SEED, tensor, *rows.shape, unit, kept))
            factor = reference.scale(weights)
            assert rows[held, unit].tolist() == [reference.single(value * factor) for value in weights]


@pytest.mark.parametrize("optimisation", ["-O0", "-O3"])
def test_the_c_of_the_text_has_the_bits_of_the_vectors(tmp_path: Path, optimisation: str) -> None:
    compiler = shutil.which("gcc") or pytest.skip("gcc is not installed")
    found = re.search(r"```c\n(.*?)```", (DOCS / "seeded-init.md").read_text(), re.DOTALL)
    assert found
    source, library = tmp_path / "seeded_init.c", tmp_path / "seeded_init.so"
    source.write_text(found[1])
    flags = ["-std=c99", "-Wall", "-Wextra", "-Werror", optimisation, "-shared", "-fPIC"]
    subprocess.run([compiler, *flags, str(source), "-o", str(library), "-lm"], check=True)
    code = ctypes.CDLL(str(library))
    code.initial_weight.argtypes = [ctypes.c_uint64, ctypes.c_uint32, ctypes.c_uint64, ctypes.c_uint32]
    code.add_energy.argtypes = [ctypes.c_float, ctypes.c_float]
    code.survivor_scale.argtypes = [ctypes.c_float]
    for function in (code.initial_weight, code.add_energy, code.survivor_scale):
        function.restype = ctypes.c_float

    for row in VECTORS["weights"]:
        got = code.initial_weight(int(row["seed"]), row["tensor"], int(row["index"]), row["fan_in"])
        assert reference.bits(got) == row["weight"]
    for row in VECTORS["units"]:
        inputs, outputs = row["shape"]
        indices = [kept * outputs + row["unit"] for kept in row["kept"]]
        weights = [code.initial_weight(int(row["seed"]), row["tensor"], index, inputs) for index in indices]
        factor = code.survivor_scale(reduce(code.add_energy, weights, 0.0))
        assert reference.bits(factor) == row["scale"]
        assert [reference.bits(reference.single(weight * factor)) for weight in weights] == row["initial"]
