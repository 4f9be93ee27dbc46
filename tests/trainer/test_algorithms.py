"""Whole rounds: a state goes in, another comes out."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from tiny_federation import tiny_cnn, tiny_dataset, tiny_network

from trainer.aggregation import InvalidReplyError
from trainer.algorithms import ALGORITHMS, Beginning, ServerState
from trainer.engines import ClientReply, ClientTask, LocalEngine, LocalWork
from trainer.evaluate import compile_evaluator
from trainer.initialisers import initial_weights
from trainer.models.network import Network
from trainer.partitions import PARTITIONS, PartitionRequest
from trainer.pruners import PRUNERS
from trainer.schedules import cosine_decay
from trainer.tensors import Masks, all_kept, count_kept, count_prunable
from trainer.traffic import values_bytes
from trainer.values import pack_values

WORK = LocalWork(epochs=3, batch_size=4, learning_rate=0.05, momentum=0.9)
CLIENTS = 3


def begin(network: Network, method: str, sparsity: float = 0.5) -> ServerState:
    weights = initial_weights(1, network.specs)
    beginning = Beginning(network, weights, CLIENTS, PRUNERS.get("synflow"), sparsity, np.random.default_rng(0))
    return ALGORITHMS.get(method).init(beginning)


class Adding:
    """An engine whose clients add their number plus one to every value they hold."""

    def __init__(self, tamper: dict[int, dict[str, object]] | None = None, skip: int = -1) -> None:
        self._tamper, self._skip = tamper or {}, skip

    def agree(self, masks: tuple[Masks, ...]) -> None:
        pass

    def train(self, tasks: Iterable[ClientTask]) -> Iterator[ClientReply]:
        for task in tasks:
            if task.client != self._skip:
                added = task.values + np.float32(task.client + 1)
                reply = ClientReply(task.client, task.round, added, 10 * (task.client + 1), float(task.client))
                yield replace(reply, **self._tamper.get(task.client, {}))


@pytest.mark.parametrize("method", ["fedpai-u", "fedavg"])
def test_a_round_averages_by_samples_and_measures_the_traffic(method: str) -> None:
    state = begin(tiny_network(), method)
    after, metrics = ALGORITHMS.get(method).run_round(state, Adding(), WORK)
    shift = (1 * 10 + 2 * 20 + 3 * 30) / 60
    assert (state.round, after.round) == (0, 1)
    assert metrics.loss == pytest.approx((0 * 10 + 1 * 20 + 2 * 30) / 60)
    for before, now, mask in zip(state.weights, after.weights, state.masks[0], strict=True):
        held = np.ones(before.shape, bool) if mask is None else mask
        np.testing.assert_allclose(now[held], before[held] + shift, rtol=1e-6)
        assert not now[~held].any()
    for exchange, masks in zip(metrics.exchanges, state.masks, strict=True):
        assert exchange.bytes_down == values_bytes(pack_values(state.weights, masks))
        assert exchange.bytes_up == values_bytes(pack_values(state.weights, masks) + np.float32(exchange.client + 1))


def test_clients_with_masks_of_their_own_send_what_they_hold() -> None:
    """Two halves and a whole: each weight is the mean over those who hold it."""
    network = tiny_network()
    state = begin(network, "fedavg")
    left = tuple(None if mask is None else np.indices(mask.shape).sum(axis=0) % 2 == 0 for mask in state.masks[0])
    right = tuple(None if mask is None else ~mask for mask in left)
    state = replace(state, masks=(left, right, all_kept(network.specs)))
    after, metrics = ALGORITHMS.get("fedavg").run_round(state, Adding(), WORK)
    means = {True: (1 * 10 + 3 * 30) / 40, False: (2 * 20 + 3 * 30) / 50}
    for before, now, mask in zip(state.weights, after.weights, left, strict=True):
        if mask is not None:
            np.testing.assert_allclose(now, before + np.where(mask, means[True], means[False]), rtol=1e-5)
    assert len({exchange.bytes_down for exchange in metrics.exchanges}) > 1


def test_fedpai_keeps_the_share_and_fedavg_everything() -> None:
    network = tiny_network(tiny_cnn)
    sparse, dense = begin(network, "fedpai-u", 0.7), begin(network, "fedavg", 0.7)
    assert count_kept(sparse.masks[0]) == round(0.3 * count_prunable(sparse.masks[0]))
    assert all(masks is sparse.masks[0] for masks in sparse.masks)
    assert count_kept(dense.masks[0]) == count_prunable(dense.masks[0])
    for weight, mask in zip(sparse.weights, sparse.masks[0], strict=True):
        assert mask is None or not weight[~mask].any()


def test_the_same_seed_gives_the_same_masks() -> None:
    """Two networks built one after the other, as two runs would."""
    first, again = (begin(tiny_network(), "fedpai-u", 0.8).masks[0] for _ in range(2))
    assert all(a is None or np.array_equal(a, b) for a, b in zip(first, again, strict=True))


@pytest.mark.parametrize(
    ("engine", "words"),
    [
        (Adding({1: {"values": np.zeros(3, np.float32)}}), r"client 1 .*shape \[3\]"),
        (Adding({2: {"client": 0}}), "client 0 sent a second update"),
        (Adding({2: {"client": 7}}), "client 7 .*only 3 clients"),
        (Adding(skip=2), "client 2 sent nothing in round 1"),
        (Adding(skip=0), "client 0 sent nothing"),
    ],
)
def test_a_bad_client_ends_the_round_by_name(engine: Adding, words: str) -> None:
    with pytest.raises(InvalidReplyError, match=words):
        ALGORITHMS.get("fedpai-u").run_round(begin(tiny_network(), "fedpai-u"), engine, WORK)


@pytest.mark.parametrize("method", ALGORITHMS.names)
def test_a_small_federation_learns(method: str) -> None:
    network, data = tiny_network(tiny_cnn), tiny_dataset(120)
    request = PartitionRequest(data.train_y, CLIENTS, 1.0, 5, np.random.default_rng(0))
    engine = LocalEngine(network, data, PARTITIONS.get("dirichlet")(request), 0)
    state = begin(network, method, 0.5)
    engine.agree(state.masks)
    evaluate = compile_evaluator(network, data.test_x, data.test_y)
    before = evaluate(state.weights)
    for number in range(1, 9):
        state, _ = ALGORITHMS.get(method).run_round(state, engine, WORK)
        assert state.round == number
    after = evaluate(state.weights)
    assert after.loss < before.loss / 2
    assert after.accuracy > 0.9


def test_the_learning_rate_falls_from_the_peak_towards_the_floor() -> None:
    rates = [cosine_decay(0.4, 0.1, number, 20) for number in range(1, 21)]
    assert rates[0] == pytest.approx(0.4)
    assert rates[10] == pytest.approx(0.22)
    assert all(before > after > 0.04 for before, after in pairwise(rates))
    assert {cosine_decay(0.4, 1.0, number, 20) for number in range(1, 21)} == {0.4}
