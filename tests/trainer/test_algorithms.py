"""Whole rounds: a state goes in, another comes out."""

import re
import struct
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from tiny_federation import (
    CLIENTS,
    Adding,
    begin,
    plan,
    tiny_cnn,
    tiny_dataset,
    tiny_engine,
    tiny_network,
)

from host_bridge.errors import UserError
from trainer.algorithms import ALGORITHMS
from trainer.evaluate import compile_evaluator
from trainer.schedules import cosine_decay
from trainer.tensors import all_kept, count_kept, count_prunable
from trainer.traffic import payload_bytes
from trainer.values import pack_values

FIXED = [name for name in ALGORITHMS.names if ALGORITHMS.get(name).fixed_masks]


@pytest.mark.parametrize("method", ["fedpai-u", "fedavg"])
def test_a_round_averages_by_samples_and_measures_the_traffic(method: str) -> None:
    state = begin(tiny_network(), method)
    after, metrics = ALGORITHMS.get(method).run_round(state, Adding(), plan())
    shift = (1 * 10 + 2 * 20 + 3 * 30) / 60
    assert (state.round, after.round) == (0, 1)
    assert metrics.loss == pytest.approx((0 * 10 + 1 * 20 + 2 * 30) / 60)
    assert (metrics.applied, metrics.rejected) == (True, ())
    for before, now, mask in zip(state.weights, after.weights, state.masks[0], strict=True):
        held = np.ones(before.shape, bool) if mask is None else mask
        np.testing.assert_allclose(now[held], before[held] + shift, rtol=1e-6)
        assert not now[~held].any()
    for exchange, masks in zip(metrics.exchanges, state.masks, strict=True):
        sent = pack_values(state.weights, masks)
        assert exchange.samples == 10 * (exchange.client + 1)
        assert exchange.bytes_down == payload_bytes(sent.astype("<f4").tobytes())
        assert exchange.bytes_up == payload_bytes((sent + np.float32(exchange.client + 1)).astype("<f4").tobytes())


def test_clients_with_masks_of_their_own_send_what_they_hold() -> None:
    """Two halves and a whole: each weight is the mean over those who hold it."""
    network = tiny_network()
    state = begin(network, "fedavg")
    left = tuple(None if mask is None else np.indices(mask.shape).sum(axis=0) % 2 == 0 for mask in state.masks[0])
    right = tuple(None if mask is None else ~mask for mask in left)
    state = replace(state, masks=(left, right, all_kept(network.specs)))
    after, metrics = ALGORITHMS.get("fedavg").run_round(state, Adding(), plan())
    means = {True: (1 * 10 + 3 * 30) / 40, False: (2 * 20 + 3 * 30) / 50}
    for before, now, mask in zip(state.weights, after.weights, left, strict=True):
        if mask is not None:
            np.testing.assert_allclose(now, before + np.where(mask, means[True], means[False]), rtol=1e-5)
    assert len({exchange.bytes_down for exchange in metrics.exchanges}) > 1


def test_a_cohort_is_asked_and_nobody_else() -> None:
    state, engine = begin(tiny_network(), "fedavg"), Adding()
    after, metrics = ALGORITHMS.get("fedavg").run_round(state, engine, plan(cohort=(0, 2)))
    assert engine.asked == [0, 2]
    assert [exchange.client for exchange in metrics.exchanges] == [0, 2]
    for before, now in zip(state.weights, after.weights, strict=True):
        np.testing.assert_allclose(now, before + (1 * 10 + 3 * 30) / 40, rtol=1e-6)


def test_a_client_that_falls_silent_costs_its_download_and_nothing_else() -> None:
    """Simulated (absent) or real (the engine has no reply): the same."""
    state = begin(tiny_network(), "fedavg")
    for engine, chosen in ((Adding(), plan(absent=frozenset({1}))), (Adding(skip=1), plan())):
        after, metrics = ALGORITHMS.get("fedavg").run_round(state, engine, chosen)
        silent = metrics.exchanges[1]
        assert (silent.client, silent.samples, silent.bytes_up) == (1, 0, 0)
        assert silent.bytes_down == metrics.exchanges[0].bytes_down > 0
        assert metrics.applied
        for before, now in zip(state.weights, after.weights, strict=True):
            np.testing.assert_allclose(now, before + (1 * 10 + 3 * 30) / 40, rtol=1e-6)


@pytest.mark.parametrize(("quorum", "applied"), [(0.0, True), (1 / 3, True), (0.5, False), (1.0, False)])
def test_too_few_answers_change_nothing(quorum: float, applied: bool) -> None:
    """One of three answers."""
    state = begin(tiny_network(), "fedavg")
    after, metrics = ALGORITHMS.get("fedavg").run_round(state, Adding(), plan(absent=frozenset({0, 1}), quorum=quorum))
    assert metrics.applied is applied
    assert after.round == 1
    assert metrics.loss == 2.0
    for before, now in zip(state.weights, after.weights, strict=True):
        np.testing.assert_allclose(now, before + 3 * applied, rtol=1e-6)


@pytest.mark.parametrize("quorum", [0.0, 0.5])
def test_a_round_without_any_answer_changes_nothing(quorum: float) -> None:
    state = begin(tiny_network(), "fedavg")
    after, metrics = ALGORITHMS.get("fedavg").run_round(
        state, Adding(), plan(absent=frozenset(range(CLIENTS)), quorum=quorum)
    )
    assert (metrics.applied, metrics.loss, after.round) == (False, None, 1)
    assert after.weights is state.weights


def changed(payload: bytes, position: int, value: float) -> bytes:
    return payload[: 4 * position] + struct.pack("<f", value) + payload[4 * position + 4 :]


FAULTS = {
    "NaN": (lambda reply: {"payload": changed(reply.payload, 7, np.nan)}, "client 1 .*not finite.* position 7"),
    "infinity": (lambda reply: {"payload": changed(reply.payload, 0, np.inf)}, "client 1 .*1 values .* not finite"),
    "size": (lambda reply: {"payload": reply.payload[:-4]}, r"client 1 sent \d+ bytes instead of"),
    "no payload": (lambda _: {"payload": b""}, "client 1 sent 0 bytes"),
    "mask": (lambda reply: {"masks": reply.masks ^ 1}, "client 1 sent an update under other masks"),
    "round": (lambda _: {"round": 4}, "client 1 sent an update of round 4"),
    "second": (lambda _: {"client": 0}, "client 0 sent a second update"),
    "unknown": (lambda _: {"client": 7}, "client 7 sent an update, but was not asked"),
    "samples": (lambda _: {"samples": -1}, "client 1 sent a sample count of -1"),
    "loss": (lambda _: {"loss": float("inf")}, "client 1 sent a loss of inf"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_wrong_update_is_named_and_the_others_are_used(fault: str) -> None:
    tamper, words = FAULTS[fault]
    state = begin(tiny_network(), "fedpai-u")
    after, metrics = ALGORITHMS.get("fedpai-u").run_round(state, Adding({1: tamper}), plan())
    (text,) = metrics.rejected
    assert text.endswith("in round 1")
    assert re.search(words, text)
    assert metrics.applied
    assert metrics.loss == pytest.approx((0 * 10 + 2 * 30) / 40)
    assert [exchange.samples for exchange in metrics.exchanges] == [10, 0, 30]
    for before, now, mask in zip(state.weights, after.weights, state.masks[0], strict=True):
        held = np.ones(before.shape, bool) if mask is None else mask
        np.testing.assert_allclose(now[held], before[held] + (1 * 10 + 3 * 30) / 40, rtol=1e-6)


def test_rejected_updates_count_against_the_quorum() -> None:
    state = begin(tiny_network(), "fedavg")
    engine = Adding(dict.fromkeys((0, 1), FAULTS["NaN"][0]))
    after, metrics = ALGORITHMS.get("fedavg").run_round(state, engine, plan(quorum=0.5))
    assert len(metrics.rejected) == 2
    assert not metrics.applied
    assert after.weights is state.weights


def test_only_wrong_updates_are_an_error_that_says_what_to_do() -> None:
    engine = Adding(dict.fromkeys(range(CLIENTS), FAULTS["NaN"][0]))
    with pytest.raises(UserError, match=r"client 0 .*not finite.*no other update.*--learning-rate") as caught:
        ALGORITHMS.get("fedavg").run_round(begin(tiny_network(), "fedavg"), engine, plan())
    assert "\n" not in str(caught.value)


def test_fedpai_keeps_the_share_and_fedavg_everything() -> None:
    network = tiny_network(tiny_cnn)
    sparse, dense = begin(network, "fedpai-u", 0.7), begin(network, "fedavg", 0.7)
    assert count_kept(network.specs, sparse.masks[0]) == round(0.3 * count_prunable(network.specs))
    assert all(masks is sparse.masks[0] for masks in sparse.masks)
    assert count_kept(network.specs, dense.masks[0]) == count_prunable(network.specs)
    for weight, mask in zip(sparse.weights, sparse.masks[0], strict=True):
        assert mask is None or not weight[~mask].any()


@pytest.mark.parametrize(
    ("pruner", "wanted", "scaled"),
    [
        ("synflow", None, True),
        ("snip", None, True),
        ("grasp", None, False),
        ("grasp", True, True),
        ("snip", False, False),
    ],
)
def test_survivors_are_scaled_as_the_pruner_or_the_user_has_it(pruner: str, wanted: bool | None, scaled: bool) -> None:
    network = tiny_network()
    state, initial = begin(network, "fedpai-u", pruner=pruner, rescale=wanted), begin(network, "fedavg").weights
    for spec, weight, held, before in zip(network.specs, state.weights, state.masks[0], initial, strict=True):
        mask = np.ones(before.shape, np.bool_) if held is None else held
        assert not weight[~mask].any()
        energy = (weight.astype(np.float64) ** 2).reshape(-1, weight.shape[-1]).sum(axis=0)
        if scaled and spec.prunable:
            assert np.allclose(energy[energy > 0], 2)
        else:
            assert np.array_equal(weight[mask], before[mask])


def test_the_same_seed_gives_the_same_masks() -> None:
    """Two networks built one after the other, as two runs would."""
    first, again = (begin(tiny_network(), "fedpai-u", 0.8).masks[0] for _ in range(2))
    assert all(a is b is None or np.array_equal(a, b) for a, b in zip(first, again, strict=True))


@pytest.mark.parametrize("method", FIXED)
def test_a_small_federation_learns_and_never_changes_its_masks(method: str) -> None:
    network, data = tiny_network(tiny_cnn), tiny_dataset(120)
    engine = tiny_engine(network, data)
    start = state = begin(network, method, 0.5)
    engine.agree(state.masks)
    evaluate = compile_evaluator(network, data.test_x, data.test_y)
    before = evaluate(state.weights)
    for number in range(1, 9):
        state, _ = ALGORITHMS.get(method).run_round(state, engine, plan())
        assert state.round == number
        assert state.masks is start.masks
    after = evaluate(state.weights)
    assert after.loss < before.loss / 2
    assert after.accuracy > 0.9


def test_the_learning_rate_falls_from_the_peak_towards_the_floor() -> None:
    rates = [cosine_decay(0.4, 0.1, number, 20) for number in range(1, 21)]
    assert rates[0] == pytest.approx(0.4)
    assert rates[10] == pytest.approx(0.22)
    assert all(before > after > 0.04 for before, after in pairwise(rates))
    assert {cosine_decay(0.4, 1.0, number, 20) for number in range(1, 21)} == {0.4}
