"""The mean over holders against independent NumPy, and replies that must be refused."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from trainer.aggregation import HeldValues, HeldWeights, InvalidReplyError, ReplyChecker, sparse_mean
from trainer.engines.base import ClientReply
from trainer.tensors import Masks, Role, TensorSpec, Weights
from trainer.values import pack_values
from trainer.wire import CODECS

SHAPES = ((3, 2, 2, 5), (5,), (11, 3))
CLIENTS = 7


def random_weights(random: np.random.Generator) -> Weights:
    return tuple(random.normal(size=shape).astype(np.float32) for shape in SHAPES)


def personal_masks(random: np.random.Generator) -> Masks:
    first, _, last = (random.random(shape) < 0.3 for shape in SHAPES)
    return first, None, last


def stacked_mean(previous: Weights, updates: list[HeldWeights]) -> list[np.ndarray]:
    """All clients at once, with NaN for what a client does not hold."""
    shares = np.array([update.samples for update in updates], np.float64)
    means = []
    for number, before in enumerate(previous):
        masks = [update.masks[number] for update in updates]
        held = np.stack([np.ones(before.shape, bool) if mask is None else mask for mask in masks])
        values = np.where(held, np.stack([update.weights[number] for update in updates]), np.nan)
        weights = np.where(held, shares.reshape(-1, *[1] * before.ndim), np.nan)
        with np.errstate(invalid="ignore"):
            mean = np.nansum(values * weights, axis=0) / np.nansum(weights, axis=0)
        means.append(np.where(held.any(axis=0), mean, before))
    return means


@pytest.mark.parametrize("seed", range(5))
def test_personal_masks_average_over_holders_only(seed: int) -> None:
    random = np.random.default_rng(seed)
    previous = random_weights(random)
    updates = [
        HeldWeights(random_weights(random), personal_masks(random), int(random.integers(1, 300)))
        for _ in range(CLIENTS)
    ]
    got = sparse_mean(previous, iter(updates))
    for mine, expected in zip(got, stacked_mean(previous, updates), strict=True):
        assert mine.dtype == np.float32
        np.testing.assert_allclose(mine, expected, rtol=1e-6)


@pytest.mark.parametrize("order", ["00000", "00110", "01201", "3"])
def test_values_are_averaged_as_whole_tensors_are(order: str) -> None:
    random = np.random.default_rng(3)
    previous = random_weights(random)
    masks = [personal_masks(random) for _ in range(4)]
    specs = tuple(
        TensorSpec(f"t{number}", shape, number != 1, Role.BIAS if number == 1 else Role.KERNEL)
        for number, shape in enumerate(SHAPES)
    )
    whole = [HeldWeights(random_weights(random), masks[int(which)], 3 + number) for number, which in enumerate(order)]
    packed = [HeldValues(pack_values(one.weights, one.masks), one.masks, one.samples, specs) for one in whole]
    for got, expected in zip(sparse_mean(previous, packed), stacked_mean(previous, whole), strict=True):
        assert got.dtype == np.float32
        np.testing.assert_allclose(got, expected, rtol=1e-6)


def test_a_weight_that_nobody_holds_stays() -> None:
    previous = (np.array([1.5, 2.5], np.float32),)
    update = HeldWeights((np.array([9.0, 9.0], np.float32),), (np.array([True, False]),), 3)
    assert sparse_mean(previous, [update])[0].tolist() == [9.0, 2.5]
    assert sparse_mean(previous, [])[0].tolist() == [1.5, 2.5]


def test_what_lies_outside_a_mask_is_ignored_even_if_it_is_nan() -> None:
    previous = (np.zeros(2, np.float32),)
    mask = np.array([True, False])
    updates = [
        HeldWeights((np.array([value, np.nan], np.float32),), (mask,), count) for value, count in ((1, 1), (5, 3))
    ]
    assert sparse_mean(previous, updates)[0].tolist() == [4.0, 0.0]


def test_updates_are_taken_one_at_a_time() -> None:
    alive: list[int] = []

    class Watched(HeldWeights):
        def __del__(self) -> None:
            alive.remove(0)

    def stream() -> Iterator[HeldWeights]:
        for _ in range(CLIENTS):
            alive.append(0)
            yield Watched((np.ones(4, np.float32),), (None,), 1)
            assert len(alive) <= 1

    assert sparse_mean((np.zeros(4, np.float32),), stream())[0].tolist() == [1.0] * 4


OWN = np.arange(10, 15, dtype=np.float32)
VALUES = np.arange(5, dtype=np.float32)
GOOD = ClientReply(client=1, round=4, payload=VALUES.astype("<f4").tobytes(), samples=20, loss=0.5, masks=77)
CHECKER = ReplyChecker(
    4, CODECS.get("float32"), {0: OWN[:3], 1: OWN, 2: OWN}, fingerprints={0: 5, 1: GOOD.masks, 2: GOOD.masks}
)


def payload_with(value: float) -> bytes:
    values = VALUES.copy()
    values[3] = value
    return values.astype("<f4").tobytes()


def test_a_good_reply_gives_its_values() -> None:
    values = CHECKER.values(GOOD, set())
    assert values.dtype == np.float32
    assert values.tolist() == VALUES.tolist()


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"round": 3}, "an update of round 3"),
        ({"payload": GOOD.payload[:16]}, "16 bytes instead of the 20 of 5 float32 values"),
        ({"payload": GOOD.payload + b"\0"}, "21 bytes instead of the 20"),
        ({"payload": b""}, "0 bytes instead of the 20"),
        ({"payload": payload_with(np.nan)}, "1 values that are not finite, the first at position 3"),
        ({"payload": payload_with(-np.inf)}, "not finite"),
        ({"masks": 78}, "an update under other masks than were agreed"),
        ({"samples": 0}, "sample count of 0"),
        ({"samples": -4}, "sample count of -4"),
        ({"loss": float("nan")}, "loss of nan"),
        ({"loss": float("inf")}, "loss of inf"),
    ],
)
def test_a_bad_reply_names_client_and_fault(fault: dict[str, object], words: str) -> None:
    with pytest.raises(InvalidReplyError, match=f"client 1 sent .*{words}.* in round 4") as caught:
        CHECKER.values(replace(GOOD, **fault), set())
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("client", [-1, 3])
def test_a_client_that_was_not_asked_is_refused(client: int) -> None:
    with pytest.raises(InvalidReplyError, match=f"client {client} sent an update, but was not asked"):
        CHECKER.values(replace(GOOD, client=client), set())


def test_a_second_reply_is_refused() -> None:
    with pytest.raises(InvalidReplyError, match="client 1 sent a second update"):
        CHECKER.values(GOOD, {1})
    assert CHECKER.values(GOOD, {0, 2}).tolist() == VALUES.tolist()
