"""Methods whose masks change: each rule against NumPy, and what every change costs on the line."""

from math import cos, pi

import numpy as np
import pytest
from tiny_federation import CLIENTS, SAMPLES, Adding, begin, plan, tiny_cnn, tiny_dataset, tiny_engine, tiny_network

from trainer.algorithms import ALGORITHMS, ServerState
from trainer.algorithms.adjusting import UNAWARE, change_masks
from trainer.algorithms.feddst import exchanged
from trainer.algorithms.fedtiny import CANDIDATES, adjusted
from trainer.algorithms.iterative_magnitude import schedule
from trainer.engines.gradients import compile_gradients
from trainer.evaluate import compile_evaluator
from trainer.models.network import Network
from trainer.server_optimisers.momentum import VELOCITY
from trainer.tensors import Masks, Weights, all_kept, count_kept, count_prunable
from trainer.traffic import payload_bytes
from trainer.values import pack_values
from trainer.wire.masks import encode_masks

CHANGING = [name for name in ALGORITHMS.names if not ALGORITHMS.get(name).fixed_masks]
SPARSE = [name for name in CHANGING if name != "iterative-magnitude"]
NETWORK = tiny_network()
PRUNABLE = [position for position, spec in enumerate(NETWORK.specs) if spec.prunable]


def some_gradients(seed: int = 0) -> dict[int, Weights]:
    random = np.random.default_rng(seed)
    return {
        client: tuple(random.normal(size=spec.shape).astype(np.float32) for spec in NETWORK.specs)
        for client in range(CLIENTS)
    }


def kept(masks: Masks) -> int:
    return count_kept(NETWORK.specs, masks)


def one_round(
    method: str, state: ServerState, engine: Adding, **given: object
) -> tuple[ServerState, dict[int, object]]:
    after, metrics = ALGORITHMS.get(method).run_round(state, engine, plan(adjust_every=1, sparsity=0.5, **given))
    return after, {exchange.client: exchange for exchange in metrics.exchanges}


def told(state: ServerState) -> int:
    return payload_bytes(encode_masks(state.specs, state.masks[0]))


def values_bytes(state: ServerState, plus: int = 0) -> int:
    values = pack_values(state.weights, state.masks[0]) + np.float32(plus)
    return payload_bytes(values.astype("<f4").tobytes())


def test_all_changing_methods_are_meant() -> None:
    assert set(CHANGING) == {"prunefl", "feddst", "fedtiny", "iterative-magnitude"}


@pytest.mark.parametrize("method", SPARSE)
@pytest.mark.parametrize("sparsity", [0.3, 0.5, 0.9])
def test_sparse_methods_keep_the_share_from_the_start_and_through_every_change(method: str, sparsity: float) -> None:
    keep = round((1 - sparsity) * count_prunable(NETWORK.specs))
    state, engine = begin(NETWORK, method, sparsity), Adding(gradients=some_gradients())
    assert kept(state.masks[0]) == keep
    for _ in range(3):
        before = state
        state, _ = ALGORITHMS.get(method).run_round(state, engine, plan(adjust_every=1, sparsity=sparsity))
        assert kept(state.masks[0]) == keep
        assert all(masks is state.masks[0] for masks in state.masks)
        assert all(state.masks[0][position].any() for position in PRUNABLE)
        for position in PRUNABLE:
            grown = state.masks[0][position] & ~before.masks[0][position]
            assert not state.weights[position][grown | ~state.masks[0][position]].any()
    assert engine.agreed[-1] is state.masks


@pytest.mark.parametrize("method", CHANGING)
def test_masks_stay_unless_a_change_is_due(method: str) -> None:
    state, engine = begin(NETWORK, method), Adding(gradients=some_gradients())
    chosen = plan(adjust_every=3, sparsity=0.5, rounds=8)
    seen = [state.masks]
    for _ in range(8):
        state, _ = ALGORITHMS.get(method).run_round(state, engine, chosen)
        seen.append(state.masks)
    changes = [number for number in range(1, 9) if seen[number] is not seen[number - 1]]
    assert changes == ([3] if method == "iterative-magnitude" else [3, 6])


@pytest.mark.parametrize("method", CHANGING)
def test_a_void_round_changes_no_sparse_mask(method: str) -> None:
    state = begin(NETWORK, method)
    after, _ = one_round(method, state, Adding(gradients=some_gradients()), absent=frozenset({0, 1}), quorum=1.0)
    assert (after.masks is state.masks) is (method != "iterative-magnitude")


def largest(values: np.ndarray, allowed: np.ndarray, count: int) -> set[int]:
    order = sorted(np.flatnonzero(allowed), key=lambda index: -values.ravel()[index])
    return set(order[:count])


def prunefl_cut(weights: Weights, before: Masks, squares: Weights, keep: int) -> list[set[int]]:
    """By sorting, tensor by tensor: the largest 70 % of what was kept, then the best of all by worth.

    The convolution's weights are used at 16 positions.
    """
    safe = []
    for position in PRUNABLE:
        count = int(before[position].sum())
        safe.append(largest(np.abs(weights[position]), before[position].ravel(), count - int(0.3 * count)))
    worth = [squares[position].ravel() / (16 if position == PRUNABLE[0] else 1) for position in PRUNABLE]
    others = [(-value, row, at) for row, one in enumerate(worth) for at, value in enumerate(one) if at not in safe[row]]
    for _, row, at in sorted(others)[: keep - sum(map(len, safe))]:
        safe[row].add(at)
    return safe


def chosen_in(masks: Masks) -> list[set[int]]:
    return [set(np.flatnonzero(masks[position])) for position in PRUNABLE]


def test_prunefl_keeps_large_weights_and_ranks_others_by_squared_gradient_over_multiplications() -> None:
    state, gradients = begin(NETWORK, "prunefl"), some_gradients(1)
    after, exchanges = one_round("prunefl", state, Adding(gradients=gradients))
    mean = tuple(
        sum(SAMPLES[client] * gradients[client][position].astype(np.float64) ** 2 for client in range(CLIENTS)) / 60
        for position in range(len(NETWORK.specs))
    )
    moved = tuple(weight + np.float32((1 * 10 + 2 * 20 + 3 * 30) / 60) for weight in state.weights)
    keep = round(0.5 * count_prunable(NETWORK.specs))
    assert chosen_in(after.masks[0]) == prunefl_cut(moved, state.masks[0], mean, keep)
    first = told(state) + values_bytes(state)
    for client, exchange in exchanges.items():
        squares = np.concatenate([gradients[client][position].ravel().astype(np.float64) ** 2 for position in PRUNABLE])
        sent = values_bytes(state, client + 1) + payload_bytes(squares.astype("<f4").tobytes())
        assert exchange.bytes_up == sent + (first if client == 0 else 0)
        assert exchange.bytes_down == values_bytes(state) + told(state)


def test_prunefl_starts_from_what_the_richest_client_trained_and_cut() -> None:
    """Five steps of gradient descent, then a cut to 85 % of what is left, until half is left."""
    data, weights = tiny_dataset(), begin(NETWORK, "fedavg").weights
    x, y = data.train_x[2::CLIENTS], data.train_y[2::CLIENTS]
    gradients, total = compile_gradients(NETWORK), count_prunable(NETWORK.specs)
    masks, keep = all_kept(NETWORK.specs), total
    while keep > round(total / 2):
        squares = tuple(np.zeros(spec.shape) for spec in NETWORK.specs)
        for _ in range(5):
            found = gradients(weights, x, y)
            squares = tuple(
                one + gradient.astype(np.float64) ** 2 for one, gradient in zip(squares, found, strict=True)
            )
            weights = tuple(
                (weight - np.float32(0.05) * gradient) * (1 if mask is None else mask)
                for weight, gradient, mask in zip(weights, found, masks, strict=True)
            )
        keep = max(round(total / 2), int(0.85 * keep))
        chosen = iter(prunefl_cut(weights, masks, squares, keep))
        masks = tuple(
            None if mask is None else np.isin(np.arange(mask.size), list(next(chosen))).reshape(mask.shape)
            for mask in masks
        )
        weights = tuple(weight * (1 if mask is None else mask) for weight, mask in zip(weights, masks, strict=True))
    state = begin(NETWORK, "prunefl")
    assert chosen_in(state.masks[0]) == chosen_in(masks)
    for got, expected in zip(state.weights, weights, strict=True):
        assert np.allclose(got, expected, atol=1e-6)


def test_feddst_drops_small_weights_and_grows_what_clients_propose() -> None:
    state, gradients = begin(NETWORK, "feddst"), some_gradients(2)
    after, exchanges = one_round("feddst", state, Adding(gradients=gradients))
    share = 0.15 * (1 + cos(pi / 6))
    proposed = dict.fromkeys(range(CLIENTS), 0)
    for position in PRUNABLE:
        mask, moved = state.masks[0][position], (1 * 10 + 2 * 20 + 3 * 30) / 60
        count = min(int(share * mask.sum()), int((~mask).sum()))
        assert count > 0
        weights = np.abs(state.weights[position] + np.float32(moved))
        stay = largest(weights, mask.ravel(), int(mask.sum()) - count)
        votes = np.zeros(mask.size)
        for client in range(CLIENTS):
            sizes = np.abs(gradients[client][position])
            for index in largest(sizes, ~mask.ravel(), count):
                votes[index] += SAMPLES[client] * float(sizes.ravel()[index])
            proposed[client] += count
        grown = largest(votes, ~mask.ravel(), count)
        assert set(np.flatnonzero(after.masks[0][position])) == stay | grown
    for client, exchange in exchanges.items():
        more = exchange.bytes_up - values_bytes(state, client + 1)
        assert 8 * proposed[client] + 12 <= more <= 8 * proposed[client] + 20
        assert exchange.bytes_down == values_bytes(state)


def test_feddst_exchanges_less_and_less_and_never_more_than_is_dropped() -> None:
    dense = tuple(None if mask is None else np.ones_like(mask) for mask in begin(NETWORK, "feddst").masks[0])
    assert set(exchanged(dense, 0.3)) == {0}
    assert exchanged((np.arange(10) < 8, None), 0.5) == (2, 0)
    assert exchanged((np.arange(10) < 3, None), 0.5) == (1, 0)


def test_fedtiny_adjusts_one_layer_at_a_time_from_the_last_to_the_first() -> None:
    masks = begin(NETWORK, "fedtiny").masks[0]
    chosen = plan(adjust_every=2, rounds=40)
    where = [
        [position for position, count in enumerate(adjusted(masks, number, chosen)) if count] for number in (2, 4, 6, 8)
    ]
    assert where == [[PRUNABLE[1]], [PRUNABLE[0]], [PRUNABLE[1]], [PRUNABLE[0]]]
    last = int(masks[PRUNABLE[1]].sum())
    assert adjusted(masks, 2, chosen)[PRUNABLE[1]] == int(0.15 * (1 + cos(pi * 2 / 30)) * last)
    assert adjusted(masks, 30, chosen)[PRUNABLE[1]] == 0


def test_fedtiny_selects_by_the_clients_losses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of all candidates the winner has the lowest loss over the clients, each weighted by its samples."""
    from trainer.algorithms import fedtiny

    seen: list[tuple[Masks, int]] = []
    original = fedtiny._candidate

    def watch(beginning: object, number: int) -> Masks:
        seen.append((original(beginning, number), number))  # type: ignore[arg-type]
        return seen[-1][0]

    monkeypatch.setattr(fedtiny, "_candidate", watch)
    state, data = begin(NETWORK, "fedtiny"), tiny_dataset()
    assert len(seen) == CANDIDATES
    losses = []
    for masks, _ in seen:
        weights = fedtiny.rescale_survivors(NETWORK.specs, begin(NETWORK, "fedavg").weights, masks)
        parts = [
            compile_evaluator(NETWORK, data.train_x[client::CLIENTS], data.train_y[client::CLIENTS])(weights).loss
            for client in range(CLIENTS)
        ]
        losses.append(np.average(parts, weights=SAMPLES))
    assert len({round(float(loss), 6) for loss in losses}) > 1
    assert state.masks[0] is seen[int(np.argmin(losses))][0]


def test_fedtiny_counts_its_selection_in_the_first_round() -> None:
    """A model without normalisations has no statistics to send, only losses."""
    state = begin(NETWORK, "fedtiny")
    after, first = one_round("fedtiny", state, Adding(gradients=some_gradients()), rounds=1)
    assert after.masks is state.masks
    for client, exchange in first.items():
        assert exchange.bytes_down == values_bytes(state)
        assert exchange.bytes_up == values_bytes(state, client + 1) + payload_bytes(bytes(4 * CANDIDATES))


@pytest.mark.parametrize(
    ("rounds", "every", "expected"),
    [(30, 5, (20, 5)), (8, 2, (4, 2)), (8, 5, (5, 5)), (1, 5, (1, 1)), (2, 1, (1, 1)), (100, 10, (60, 10))],
)
def test_iterative_pruning_ends_after_about_two_thirds(rounds: int, every: int, expected: tuple[int, int]) -> None:
    assert schedule(plan(rounds=rounds, adjust_every=every)) == expected


def test_iterative_pruning_follows_the_cubic_schedule_by_magnitude() -> None:
    """Zhu and Gupta's equation 1 and the largest weights of each tensor, computed here; TFMOT computes them there."""
    method, state, engine = "iterative-magnitude", begin(NETWORK, "iterative-magnitude", 0.8), Adding()
    chosen = plan(rounds=9, adjust_every=2, sparsity=0.8)
    assert kept(state.masks[0]) == count_prunable(NETWORK.specs)
    for number in range(1, 10):
        before = state
        state, metrics = ALGORITHMS.get(method).run_round(state, engine, chosen)
        if number not in (2, 4, 6):
            assert state.masks is before.masks
            continue
        wanted = 0.8 * (1 - (1 - number / 6) ** 3)
        for position in PRUNABLE:
            mask, before_mask = state.masks[0][position], before.masks[0][position]
            count = max(1, round(mask.size * (1 - wanted)))
            judged = np.where(before_mask, before.weights[position] + np.float32(140 / 60), 0)
            assert set(np.flatnonzero(mask)) == largest(np.abs(judged), before_mask.ravel(), count)
        assert metrics.applied


@pytest.mark.parametrize("method", CHANGING)
def test_each_client_is_told_changed_masks_once_when_it_is_asked(method: str) -> None:
    state, engine = begin(NETWORK, method), Adding(gradients=some_gradients())
    state = change_masks(state, engine, begin(NETWORK, "fedpai-u").masks[0])
    assert state.memory[UNAWARE][0].tolist() == [1] * CLIENTS
    later = plan(adjust_every=100, rounds=1000, sparsity=0.5, cohort=(0, 2))
    first, metrics = ALGORITHMS.get(method).run_round(state, engine, later)
    for exchange in metrics.exchanges:
        assert exchange.bytes_down == values_bytes(state) + told(state)
    assert first.memory[UNAWARE][0].tolist() == [0, 1, 0]
    _, metrics = ALGORITHMS.get(method).run_round(first, engine, plan(adjust_every=100, rounds=1000, sparsity=0.5))
    extra = [exchange.bytes_down - values_bytes(first) for exchange in metrics.exchanges]
    assert extra == [0, told(state), 0]


def test_a_changed_mask_forgets_the_velocity_of_what_it_drops() -> None:
    state = begin(NETWORK, "fedavg")
    memory = {
        VELOCITY: tuple(np.ones(spec.shape, np.float32) for spec in NETWORK.specs),
        "x": (np.ones(2, np.float32),),
    }
    masks = begin(NETWORK, "fedpai-u").masks[0]
    after = change_masks(ServerState(1, state.specs, state.weights, state.masks, memory), Adding(), masks)
    for position, velocity in enumerate(after.memory[VELOCITY]):
        mask = masks[position]
        assert np.array_equal(velocity, np.ones(velocity.shape) if mask is None else mask.astype(np.float32))
    assert after.memory["x"][0].tolist() == [1, 1]


@pytest.mark.parametrize(
    "method", [name if name == "feddst" else pytest.param(name, marks=pytest.mark.slow) for name in CHANGING]
)
def test_a_small_federation_learns_under_changing_masks(method: str) -> None:
    network: Network = tiny_network(tiny_cnn)
    data = tiny_dataset(120)
    engine, state = tiny_engine(network, data), begin(network, method, 0.5)
    engine.agree(state.masks)
    evaluate = compile_evaluator(network, data.test_x, data.test_y)
    before = evaluate(state.weights)
    for _ in range(10):
        state, _ = ALGORITHMS.get(method).run_round(
            state, engine, plan(adjust_every=2, rounds=10, sparsity=0.5, network=network)
        )
    after = evaluate(state.weights)
    assert after.loss < before.loss / 2
    assert after.accuracy > 0.9
    assert count_kept(network.specs, state.masks[0]) == round(0.5 * count_prunable(network.specs))


def test_tfmot_leaves_keras_3_as_it_was() -> None:
    import os

    import tensorflow as tf

    from trainer.tfmot import import_tfmot

    before = os.environ.get("TF_USE_LEGACY_KERAS")
    tfmot, tf_keras = import_tfmot()
    assert os.environ.get("TF_USE_LEGACY_KERAS") == before
    assert tf.keras.__version__.startswith("3.")
    assert tf_keras.__version__.startswith("2.")
    assert hasattr(tfmot.sparsity.keras, "prune_low_magnitude")
