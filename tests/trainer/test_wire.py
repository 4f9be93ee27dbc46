"""Encodings of values against docs/wire.md, its vectors, and an independent computation."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import wire_reference as reference
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.tensors import Float32
from trainer.wire import CODECS

VECTORS = json.loads((Path(__file__).resolve().parents[2] / "docs" / "wire-vectors.json").read_text())
ROUNDED = ("float16", "int8")
FAULT = r"bytes instead of|not finite|stands for nothing|negative or too small"
FITTING = st.lists(st.floats(-60000, 60000, width=32), max_size=300)


def floats(bits: list[str]) -> Float32:
    return np.frombuffer(bytes.fromhex("".join(bits)), ">f4").astype(np.float32)


def same_bits(one: Float32, two: Float32) -> bool:
    return one.astype("<f4").tobytes() == two.astype("<f4").tobytes()


def size(encoding: str, count: int) -> int:
    return {"float32": 4 * count, "float16": 2 * count, "int8": count + 4 * ((count + 127) // 128)}[encoding]


def test_the_vectors_are_those_of_the_independent_computation() -> None:
    assert reference.vectors() == VECTORS


@pytest.mark.parametrize("row", VECTORS["values"])
def test_values_have_the_bytes_of_the_vectors(row: dict[str, Any]) -> None:
    codec, values = CODECS.get(row["encoding"]), floats(row["values"])
    assert codec.encode_values(values).hex() == row["payload"]
    assert same_bits(codec.decode_values(bytes.fromhex(row["payload"]), len(values)), floats(row["read"]))


@pytest.mark.parametrize("row", VECTORS["faults"])
def test_faults_of_the_vectors_are_refused(row: dict[str, Any]) -> None:
    codec, payload = CODECS.get(row["encoding"]), bytes.fromhex(row["payload"])
    with pytest.raises(ValueError, match=FAULT):
        codec.decode_values(payload, row["count"])
    with pytest.raises(ValueError, match=FAULT):
        codec.decode_update(payload, np.zeros(row["count"], np.float32))


@pytest.mark.parametrize("row", VECTORS["updates"], ids=lambda row: row["encoding"])
def test_updates_have_the_bits_of_the_vectors(row: dict[str, Any]) -> None:
    codec, own = CODECS.get(row["encoding"]), floats(row["own"])
    residual = np.zeros_like(own)
    for step in row["rounds"]:
        payload, residual = codec.encode_update(floats(step["trained"]), floats(step["received"]), residual)
        assert payload.hex() == step["payload"]
        assert same_bits(residual, floats(step["residual"]))
        assert same_bits(codec.decode_update(payload, own), floats(step["updated"]))


@settings(max_examples=150, deadline=None)
@given(encoding=st.sampled_from(CODECS.names), numbers=FITTING)
def test_any_values_have_the_bytes_of_the_independent_computation(encoding: str, numbers: list[float]) -> None:
    codec, values = CODECS.get(encoding), np.array(numbers, np.float32)
    payload = codec.encode_values(values)
    assert payload == reference.write(encoding, numbers)
    assert len(payload) == size(encoding, len(numbers))
    expected = np.array(reference.read(encoding, payload, len(numbers)), np.float32)
    assert same_bits(codec.decode_values(payload, len(values)), expected)


@settings(max_examples=100, deadline=None)
@given(encoding=st.sampled_from(CODECS.names), numbers=FITTING)
def test_rounding_errs_by_no_more_than_half_a_step(encoding: str, numbers: list[float]) -> None:
    values = np.array(numbers, np.float32)
    codec = CODECS.get(encoding)
    error = np.abs(codec.decode_values(codec.encode_values(values), len(values)).astype(float) - values)
    if encoding == "float32":
        bounds = np.zeros(len(values))
    elif encoding == "float16":
        bounds = np.maximum(np.abs(values.astype(float)) * 2.0**-11, 2.0**-25)
    else:
        tops = [np.abs(values[at : at + 128].astype(float)).max() for at in range(0, len(values), 128)]
        bounds = np.repeat(tops, 128)[: len(values)] / 254 * (1 + 1e-4) + 127 * 2.0**-126
    assert (error <= bounds).all()


@settings(max_examples=40, deadline=None)
@given(encoding=st.sampled_from(ROUNDED), seed=st.integers(0, 2**32), count=st.integers(1, 300))
def test_error_feedback_loses_nothing_but_the_last_residual(encoding: str, seed: int, count: int) -> None:
    random, codec, rounds = np.random.default_rng(seed), CODECS.get(encoding), 40
    residual, own = np.zeros(count, np.float32), np.zeros(count, np.float32)
    arrived, meant, worst = np.zeros(count), np.zeros(count), 0.0
    drift = random.normal(size=count) * 10.0 ** random.uniform(-6, 0, count)
    for _ in range(rounds):
        received = random.normal(size=count).astype(np.float32)
        trained = (received + drift + 0.01 * random.normal(size=count)).astype(np.float32)
        payload, residual = codec.encode_update(trained, received, residual)
        meant += trained.astype(float) - received
        arrived += codec.decode_update(payload, own)
        worst = max(worst, float(np.abs(residual).max()))
    assert np.abs(arrived + residual - meant).max() < 1e-4
    top = np.abs(drift).max() + 0.05 + worst
    assert worst <= (top / 254 * 1.01 if encoding == "int8" else top * 2.0**-11 * 1.01)


@pytest.mark.parametrize("encoding", ROUNDED)
def test_without_error_feedback_small_changes_would_be_lost(encoding: str) -> None:
    """The change of one value is far below a step of its block, or of float16: only the residual carries it."""
    codec, change = CODECS.get(encoding), 1e-3 if encoding == "int8" else 2.0**-26
    received, trained = np.zeros(2, np.float32), np.array([1.0, change], np.float32)
    fed, starved, residual = 0.0, 0.0, np.zeros(2, np.float32)
    for _ in range(400):
        payload, residual = codec.encode_update(trained, received, residual)
        fed += float(codec.decode_update(payload, received)[1])
        payload, _ = codec.encode_update(trained, received, np.zeros(2, np.float32))
        starved += float(codec.decode_update(payload, received)[1])
    assert starved == 0
    assert fed == pytest.approx(400 * change, abs=1 / 127 if encoding == "int8" else 2.0**-24)


@pytest.mark.parametrize("encoding", CODECS.names)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_refused_and_leaves_the_residual(encoding: str, bad: float) -> None:
    codec, received = CODECS.get(encoding), np.zeros(200, np.float32)
    trained, residual = received.copy(), np.full(200, 0.25, np.float32)
    trained[150] = bad
    payload, after = codec.encode_update(trained, received, residual)
    assert same_bits(after, residual)
    with pytest.raises(ValueError, match=r"^1 (values|blocks.*) that are not finite, the first .*(150|block 1),$"):
        codec.decode_update(payload, received)
    with pytest.raises(ValueError, match="not finite"):
        codec.encode_values(trained)


def test_what_float16_cannot_carry_is_refused_at_either_end() -> None:
    codec, zeros = CODECS.get("float16"), np.zeros(1, np.float32)
    assert codec.decode_values(codec.encode_values(np.float32([65519])), 1)[0] == 65504
    large = np.float32([65520])
    with pytest.raises(ValueError, match="not finite"):
        codec.encode_values(large)
    payload, _ = codec.encode_update(large, zeros, zeros)
    with pytest.raises(ValueError, match="not finite"):
        codec.decode_update(payload, zeros)


@pytest.mark.parametrize("encoding", CODECS.names)
@pytest.mark.parametrize("wrong", [-1, 1])
def test_a_wrong_size_names_both_sizes(encoding: str, wrong: int) -> None:
    right = size(encoding, 130)
    payload = bytes(right + wrong)
    with pytest.raises(ValueError, match=f"^{right + wrong} bytes instead of the {right} of 130 {encoding} values$"):
        CODECS.get(encoding).decode_update(payload, np.zeros(130, np.float32))


@settings(max_examples=100, deadline=None)
@given(encoding=st.sampled_from(CODECS.names), payload=st.binary(max_size=300), count=st.integers(0, 280))
def test_any_bytes_are_refused_or_finite(encoding: str, payload: bytes, count: int) -> None:
    try:
        values = CODECS.get(encoding).decode_values(payload, count)
    except ValueError:
        return
    assert values.shape == (count,)
    assert np.isfinite(values).all()
