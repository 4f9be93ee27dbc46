"""Rounds of a learner: payloads down and up in every encoding, what is refused, and that refusals change nothing."""

import ctypes
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from learner_c import (
    ARGUMENT,
    CAPACITY,
    ENCODING,
    FP_OK,
    NUMBER,
    STATE,
    STOPPED,
    WIRE,
    Evaluation,
    HostLearner,
    LearnerError,
    TrainWork,
)
from learner_cases import CLASSES, SCALE, network, purpose, samples, some_masks, start

from firmware_gen.learner import plan_learner
from firmware_gen.learner.masks import encode_mask
from trainer.learner_export import describe
from trainer.masks import fingerprint
from trainer.models.network import Network
from trainer.tensors import Masks
from trainer.values import pack_values, value_count
from trainer.wire import CODECS

COUNT = 7
WORK = {"epochs": 1, "batch_size": 4, "learning_rate": 0.05, "momentum": 0.9}
ORDER = np.array([6, 2, 0, 1, 5, 4, 3])


@pytest.fixture(scope="module")
def net() -> Network:
    return network("plain")


@pytest.fixture(scope="module")
def masks(net: Network) -> Masks:
    return some_masks(net, 0.5)


@pytest.fixture(scope="module")
def line(net: Network, masks: Masks) -> bytes:
    return encode_mask(masks, [spec.size for spec in net.specs])


def made(net: Network, folder: Path, **given: object) -> HostLearner:
    description = describe(net, "case")
    return HostLearner.build(description, plan_learner(description, purpose(COUNT, **given)), folder)


@pytest.fixture
def ready(net: Network, line: bytes, tmp_path: Path) -> HostLearner:
    learner = made(net, tmp_path, encoding="int8")
    learner.load_mask(line)
    learner.give(*samples(COUNT))
    return learner


def status(learner: HostLearner, name: str, *arguments: Any) -> int:
    return learner.try_(name, *arguments)


def test_loaded_masks_have_the_trainers_fingerprint(net: Network, masks: Masks, line: bytes, tmp_path: Path) -> None:
    learner = made(net, tmp_path)
    for piece in (1, 7, len(line)):
        learner.load_mask(line, piece)
        assert learner.fingerprint == fingerprint(masks)
        assert learner.count == value_count(net.specs, masks)
        assert learner.values is None


@pytest.mark.parametrize("encoding", ["float32", "float16", "int8"])
def test_two_rounds_travel_as_the_codec_says(
    net: Network, masks: Masks, line: bytes, tmp_path: Path, encoding: str
) -> None:
    learner, codec = made(net, tmp_path, encoding=encoding), CODECS.get(encoding)
    learner.load_mask(line)
    learner.give(*samples(COUNT))
    own = pack_values(start(net, masks), masks)
    residual = np.zeros_like(own)
    for _ in range(2):
        payload = codec.encode_values(own)
        learner.push(payload, encoding)
        received = codec.decode_values(payload, len(own))
        np.testing.assert_array_equal(learner.values, received)
        learner.train(ORDER, **WORK)
        trained = learner.values
        assert trained is not None
        expected, residual = codec.encode_update(trained, received, residual)
        for _ in range(2):  # asking again changes nothing
            assert learner.pull() == expected
        if encoding != "float32":
            np.testing.assert_array_equal(learner.residual, residual)
        own = codec.decode_update(expected, own)


def test_a_round_from_drawn_values_is_one_from_the_same_values_sent(net: Network, line: bytes, tmp_path: Path) -> None:
    results = []
    for sent in (False, True):
        learner = made(net, tmp_path, encoding="int8", proximal=True)
        learner.load_mask(line)
        learner.give(*samples(COUNT))
        learner.draw(9)
        if sent:
            learner.push(CODECS.get("int8").encode_values(learner.values), "int8")
        else:
            learner.check("fp_learner_round_from_values", WIRE["int8"])
        learner.train(ORDER, proximal=0.3, **WORK)
        results.append(learner.pull())
    assert results[0] == results[1]


def test_evaluation_counts_what_the_logits_say(ready: HostLearner) -> None:
    y = samples(COUNT)[1]
    ready.draw(3)
    result = Evaluation()
    ready.check("fp_learner_evaluate", None, None, ctypes.byref(result))
    logits = np.array([ready.logits(sample) for sample in range(COUNT)])
    assert result.samples == COUNT
    assert result.correct == np.count_nonzero(logits.argmax(1) == y)
    exact = logits.astype(np.float64)
    losses = np.log(np.exp(exact).sum(1)) - exact[np.arange(COUNT), y]
    assert result.loss == pytest.approx(losses.mean(), rel=1e-6)


def test_float_samples_train_as_their_bytes_do(net: Network, line: bytes, tmp_path: Path) -> None:
    x, y = samples(COUNT)
    updates = []
    for sample_format, given in (("uint8", x), ("float32", (x * np.float32(SCALE)).astype("<f4"))):
        learner = made(net, tmp_path, sample_format=sample_format)
        learner.load_mask(line)
        learner.give(given, y)
        learner.draw(2)
        learner.check("fp_learner_round_from_values", WIRE["float32"])
        learner.train(ORDER, **WORK)
        updates.append(learner.pull())
    assert updates[0] == updates[1]


def test_calls_out_of_order_are_refused(net: Network, tmp_path: Path, line: bytes) -> None:
    learner = made(net, tmp_path)
    one, work, result = ctypes.c_bool(), TrainWork(1, 4, 0.1), ctypes.create_string_buffer(16)
    calls: list[tuple[str, tuple[Any, ...]]] = [
        ("fp_learner_mask_put", (0, line, 1)),
        ("fp_learner_mask_end", ()),
        ("fp_learner_draw", (ctypes.c_uint64(1), True)),
        ("fp_learner_round_begin", (0,)),
        ("fp_learner_round_from_values", (0,)),
        ("fp_learner_payload_put", (0, line, 1)),
        ("fp_learner_payload_end", ()),
        ("fp_learner_update_begin", ()),
        ("fp_learner_train_begin", (ctypes.byref(work),)),
        ("fp_learner_train_step", (ctypes.byref(one),)),
        ("fp_learner_train_end", (result,)),
        ("fp_learner_evaluate", (None, None, result)),
    ]
    for name, arguments in calls:
        assert status(learner, name, *arguments) == STATE, name
    assert learner.fingerprint == learner.count == 0
    assert status(learner, "fp_learner_update_get", 0, result, 1) == ARGUMENT


def test_masks_that_are_none(net: Network, tmp_path: Path) -> None:
    total = sum(spec.size for spec in net.specs)
    learner = made(net, tmp_path, values=50)
    cases = {
        bytes([0x80] * 5): ENCODING,
        bytes([0xFF, 0xFF, 0xFF, 0xFF, 0x1F]): ENCODING,
        bytes([0xFF, 0xFF, 0xFF, 0xFF, 0x0F]): ENCODING,
        encode_mask([np.ones(total + 1, bool)], [total + 1])[:51]: CAPACITY,
        bytes([total & 0x7F | 0x80, total >> 7]): ENCODING,
    }
    for payload, expected in cases.items():
        learner.check("fp_learner_mask_begin")
        assert status(learner, "fp_learner_mask_put", 0, payload, len(payload)) == expected
        assert status(learner, "fp_learner_mask_end") == STATE
    learner.check("fp_learner_mask_begin")
    learner.check("fp_learner_mask_put", 0, b"\x85", 1)
    assert status(learner, "fp_learner_mask_put", 3, b"\x00", 1) == ARGUMENT
    learner.check("fp_learner_mask_put", 0, b"\x85", 1)  # arrived before
    assert status(learner, "fp_learner_mask_end") == ENCODING


def test_payloads_that_are_none(ready: HostLearner) -> None:
    size = ready.library.fp_wire_bytes(WIRE["int8"], ready.count)
    assert status(ready, "fp_learner_round_begin", 3) == ARGUMENT
    assert status(ready, "fp_learner_round_begin", WIRE["float16"]) == CAPACITY
    ready.check("fp_learner_round_begin", WIRE["int8"])
    assert status(ready, "fp_learner_payload_put", 1, b"\0", 1) == ARGUMENT
    assert status(ready, "fp_learner_payload_put", 0, bytes(size + 1), size + 1) == ARGUMENT
    assert status(ready, "fp_learner_payload_end") == STATE
    for fault, expected in ((b"\0\0\xc0\x7f", NUMBER), (b"\0\0\0\x80", ENCODING), (b"\1\0\0\0", ENCODING)):
        with pytest.raises(LearnerError) as error:
            ready.push(fault + bytes(size - 4), "int8")
        assert error.value.status == expected
        assert ready.values is None
        assert status(ready, "fp_learner_update_begin") == STATE
    ready.push(bytes(size), "int8")
    assert ready.values is not None


def test_samples_labels_orders_and_shifts_out_of_range(ready: HostLearner) -> None:
    capacity = ready.plan.purpose.samples
    size = capacity * 112
    assert status(ready, "fp_learner_sample_put", size, b"\0", 1) == CAPACITY
    assert status(ready, "fp_learner_sample_put", size - 1, b"\0\0", 2) == CAPACITY
    assert status(ready, "fp_learner_sample_put", 0xFFFFFFFF, b"\0\0", 2) == CAPACITY
    assert status(ready, "fp_learner_label_put", 0, bytes([CLASSES]), 1) == ARGUMENT
    assert status(ready, "fp_learner_label_put", capacity, b"\0", 1) == CAPACITY
    assert status(ready, "fp_learner_sample_end", capacity + 1) == CAPACITY
    assert ready.library.fp_learner_sample_count(ready.learner) == COUNT
    assert status(ready, "fp_learner_order_put", 0, (COUNT).to_bytes(2, "little"), 1) == ARGUMENT
    assert status(ready, "fp_learner_order_put", 1, bytes(2), 1) == STATE
    assert status(ready, "fp_learner_order_put", 0, bytes(2 * 22), 22) == CAPACITY
    assert status(ready, "fp_learner_shift_put", 0, bytes(200), 100) == CAPACITY
    assert status(ready, "fp_learner_sample_put", 0, b"\1", 1) == FP_OK
    assert ready.library.fp_learner_sample_count(ready.learner) == 0


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"epochs": 0}, ARGUMENT),
        ({"batch_size": 0}, ARGUMENT),
        ({"learning_rate": float("nan")}, ARGUMENT),
        ({"momentum": float("inf")}, ARGUMENT),
        ({"weight_decay": -1.0}, ARGUMENT),
        ({"epochs": 2}, STATE),
    ],
)
def test_work_that_cannot_be_done(ready: HostLearner, changes: dict[str, float], expected: int) -> None:
    ready.draw(1)
    before = ready.values
    with pytest.raises(LearnerError) as error:
        ready.train(ORDER, **(WORK | changes))
    assert error.value.status == expected
    np.testing.assert_array_equal(ready.values, before)


def test_pull_towards_a_start_that_was_not_kept(net: Network, line: bytes, tmp_path: Path) -> None:
    learner = made(net, tmp_path)
    learner.load_mask(line)
    learner.give(*samples(COUNT))
    learner.draw(1)
    learner.check("fp_learner_round_from_values", WIRE["float32"])
    with pytest.raises(LearnerError) as error:
        learner.train(ORDER, proximal=0.1, **WORK)
    assert error.value.status == CAPACITY


def test_training_that_is_stopped_or_explodes_leaves_no_values(ready: HostLearner) -> None:
    for changes, stop, expected in (({}, True, STOPPED), ({"learning_rate": 1e30}, False, NUMBER)):
        ready.draw(1)
        with pytest.raises(LearnerError) as error:
            ready.train(ORDER, progress=lambda done, _, stop=stop: not stop or done < 3, **(WORK | changes))
        assert error.value.status == expected
        assert ready.values is None
        assert status(ready, "fp_learner_update_begin") == STATE
    ready.draw(1)
    seen: list[tuple[int, int]] = []
    ready.train(ORDER, progress=lambda done, total: not seen.append((done, total)), **WORK)  # type: ignore[func-returns-value]
    assert seen == [(done, COUNT) for done in range(1, COUNT + 1)]


def test_nothing_is_touched_while_it_trains(ready: HostLearner) -> None:
    ready.draw(1)
    ready.check("fp_learner_order_put", 0, ORDER.astype("<u2").tobytes(), COUNT)
    work, done = TrainWork(1, 4, 0.05), ctypes.c_bool()
    ready.check("fp_learner_train_begin", ctypes.byref(work))
    ready.check("fp_learner_train_step", ctypes.byref(done))
    calls: list[tuple[str, tuple[Any, ...]]] = [
        ("fp_learner_mask_begin", ()),
        ("fp_learner_draw", (ctypes.c_uint64(1), True)),
        ("fp_learner_round_begin", (2,)),
        ("fp_learner_sample_put", (0, b"\0", 1)),
        ("fp_learner_label_put", (0, b"\0", 1)),
        ("fp_learner_sample_end", (1,)),
        ("fp_learner_order_put", (0, b"\0\0", 1)),
        ("fp_learner_shift_put", (0, b"\0\0", 1)),
        ("fp_learner_train_begin", (ctypes.byref(work),)),
        ("fp_learner_update_begin", ()),
    ]
    for name, arguments in calls:
        assert status(ready, name, *arguments) == STATE, name
    while not done.value:
        ready.check("fp_learner_train_step", ctypes.byref(done))
    ready.check("fp_learner_train_end", ctypes.create_string_buffer(16))
