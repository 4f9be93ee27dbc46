"""Clients behind a grid give what clients in this process give; nodes may vanish, return, lie and refuse."""

import json
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from node_grid import NodeGrid

from host_bridge.errors import UserError
from trainer.algorithms import ServerState
from trainer.config import RunConfig, make_config
from trainer.engines.local import LocalEngine
from trainer.engines.messages import messages_of
from trainer.federation import federate, round_plan
from trainer.flower import records
from trainer.flower.engine import FlowerEngine, Patience
from trainer.flower.site import identity
from trainer.prepare import Prepared, load_data, prepare
from trainer.summary.messages import messages_summary

CLIENTS = 4
BASE = {"clients": CLIENTS, "rounds": 2, "local_epochs": 1, "board": "none", "pruner": "random", "model": "lenet5"}
TWO = {11: {"partition-id": 0, "num-partitions": 2}, 22: {"partition-id": 1, "num-partitions": 2}}


@pytest.fixture(scope="module")
def begun() -> tuple[RunConfig, Prepared]:
    return prepared(**{})


@cache
def prepared(**given: Any) -> tuple[RunConfig, Prepared]:
    config = make_config({**BASE, "model": "digits_cnn", **given})
    return config, prepare(config, load_data(config))


def engine_on(grid: NodeGrid, config: RunConfig, run: Prepared, said: list[str] | None = None) -> FlowerEngine:
    found = identity(run.network, run.dataset.train_y, run.partition, config.seed)
    heard = said if said is not None else []
    return FlowerEngine(
        grid,  # type: ignore[arg-type]
        options=json.dumps(config.model_dump(exclude_defaults=True)),
        clients=len(run.partition),
        identity=found,
        most_samples=max(map(len, run.partition)),
        patience=Patience(meeting=0.5, reply=2.0),
        say=heard.append,
    )


def on_grid(grid: NodeGrid, config: RunConfig, run: Prepared, said: list[str] | None = None) -> Prepared:
    engine = engine_on(grid, config, run, said)
    engine.agree(run.state.masks)
    return replace(run, engine=engine)


def rounds_of(config: RunConfig, run: Prepared) -> ServerState:
    return federate(config, run, lambda *_: None).state


def same(one: ServerState, other: ServerState) -> bool:
    return all(np.allclose(a, b, rtol=1e-5, atol=1e-6) for a, b in zip(one.weights, other.weights, strict=True))


def test_two_nodes_give_the_result_of_one_process(begun: tuple[RunConfig, Prepared]) -> None:
    config, run = begun
    assert same(rounds_of(config, on_grid(NodeGrid(TWO), config, run)), rounds_of(config, run))


@pytest.mark.slow
@pytest.mark.parametrize("given", [{"encoding": "int8"}, {"masks": "personalized", "pruner": "snip"}], ids=str)
def test_roundings_and_masks_of_ones_own_give_the_result_of_one_process(given: dict[str, Any]) -> None:
    config, run = prepared(**given)
    assert same(rounds_of(config, on_grid(NodeGrid(TWO), config, run)), rounds_of(config, run))


def test_masks_of_ones_own_travel_once_each(begun: tuple[RunConfig, Prepared]) -> None:
    _, run = begun
    other = tuple(None if mask is None else mask.ravel()[::-1].reshape(mask.shape) for mask in run.masks)
    record = records.masks_record({0: run.masks, 2: other, 3: run.masks})
    assert len(list(record["masks"])) == 2  # type: ignore[arg-type]
    found = records.read_masks(record, run.network.specs)
    assert found[0] is found[3]
    for client, expected in ((0, run.masks), (2, other)):
        for one, mask in zip(found[client], expected, strict=True):
            assert one is mask is None or np.array_equal(one, mask)  # type: ignore[arg-type]


def test_masks_travel_once_and_then_values_only(begun: tuple[RunConfig, Prepared]) -> None:
    config, run = begun
    grid = NodeGrid(TWO)
    there = on_grid(grid, config, run)
    rounds_of(config, there)
    kinds = [kind for _, kind in grid.delivered]
    assert kinds.count(records.HELLO) == kinds.count(records.AGREE) == 2
    assert kinds.count(records.TRAIN) == CLIENTS * config.rounds
    traffic = messages_of(there.engine)
    assert traffic is not None
    values = 4 * sum(int(mask.sum()) if mask is not None else weight.size for mask, weight in _rows(run))
    trained = traffic.messages[records.TRAIN]
    assert traffic.values_down[records.TRAIN] == traffic.values_up[records.TRAIN] == trained * values
    assert values < traffic.bytes_down[records.TRAIN] / trained < values + 1500
    told = {one.kind: one for one in messages_summary(traffic)}
    assert told[records.HELLO].count == 2
    assert told[records.HELLO].values_down == told[records.AGREE].values_up == 0
    assert told[records.TRAIN].bytes_up == traffic.bytes_up[records.TRAIN]
    assert messages_summary(messages_of(run.engine)) == ()


def _rows(run: Prepared) -> list[tuple[Any, Any]]:
    return list(zip(run.masks, run.state.weights, strict=True))


def test_a_node_that_vanishes_is_left_out_and_may_come_back(begun: tuple[RunConfig, Prepared]) -> None:
    config, run = begun
    grid, said = NodeGrid(TWO), []
    there = on_grid(grid, config, run, said)
    grid.kill(22)
    state, metrics = run.algorithm.run_round(run.state, there.engine, round_plan(config, there, 1))
    assert [exchange.client for exchange in metrics.exchanges if exchange.samples] == [0, 2]
    assert "client 1, 3" in said[0]
    grid.start(33, TWO[22])
    _, metrics = run.algorithm.run_round(state, there.engine, round_plan(config, there, 2))
    assert all(exchange.samples for exchange in metrics.exchanges)


def test_a_node_that_forgot_everything_is_told_again(begun: tuple[RunConfig, Prepared]) -> None:
    config, run = begun
    grid = NodeGrid(TWO)
    there = on_grid(grid, config, run)
    grid.start(22, TWO[22])
    _, metrics = run.algorithm.run_round(run.state, there.engine, round_plan(config, there, 1))
    assert all(exchange.samples for exchange in metrics.exchanges)


def test_a_node_that_hangs_costs_its_time_and_not_the_round(begun: tuple[RunConfig, Prepared]) -> None:
    config, run = begun
    grid = NodeGrid(TWO)
    there = on_grid(grid, config, run)
    grid.hanging.add(11)
    there.engine.patience = Patience(reply=0.2)  # type: ignore[attr-defined]
    _, metrics = run.algorithm.run_round(run.state, there.engine, round_plan(config, there, 1))
    assert [exchange.client for exchange in metrics.exchanges if exchange.samples] == [1, 3]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"partition-id": 0, "num-partitions": 2}, "claims client 0"),
        ({"partition-id": 5, "num-partitions": 2}, "partition-id = 5"),
        ({"partition-id": "a", "num-partitions": 2}, "partition-id = 'a'"),
        ({"partition-id": 1, "num-partitions": 2, "colour": 1}, "no setting 'colour'"),
        ({"partition-id": 1, "num-partitions": 2, "data-dir": "/nowhere", "devices": "x:y"}, "x:y"),
    ],
)
def test_a_node_that_cannot_serve_is_named_and_the_others_go_on(
    settings: dict[str, Any], words: str, begun: tuple[RunConfig, Prepared]
) -> None:
    config, run = begun
    said: list[str] = []
    there = on_grid(NodeGrid({**TWO, 33: settings}), config, run, said)
    assert [line for line in said if words in line], said
    assert same(rounds_of(config, there), rounds_of(config, run))


def test_another_model_is_refused_by_name(begun: tuple[RunConfig, Prepared]) -> None:
    config, run = begun
    said: list[str] = []
    engine = replace(engine_on(NodeGrid(TWO), config, run, said), identity="0" * 64)
    with pytest.raises(UserError, match="clients 0, 1, 2, 3 have no SuperNode"):
        engine.agree(run.state.masks)
    assert "SuperNode 0 has another model or other data" in said[0]


def test_another_protocol_version_is_refused(
    begun: tuple[RunConfig, Prepared], monkeypatch: pytest.MonkeyPatch
) -> None:
    config, run = begun
    said: list[str] = []
    engine = engine_on(NodeGrid(TWO), config, run, said)
    monkeypatch.setattr("trainer.flower.engine.records", _Newer())
    with pytest.raises(UserError, match="have no SuperNode"):
        engine.agree(run.state.masks)
    assert "protocol version 99" in said[0]


def test_another_mask_is_refused_by_name_and_the_others_go_on(begun: tuple[RunConfig, Prepared]) -> None:
    config, run = begun
    said: list[str] = []
    grid = NodeGrid(TWO)
    there = on_grid(grid, config, run, said)
    other = tuple(None if mask is None else mask.ravel()[::-1].reshape(mask.shape) for mask in run.masks)
    grid.tell(22, "fedpai-masks", records.masks_record({1: other, 3: other}))
    found, metrics = run.algorithm.run_round(run.state, there.engine, round_plan(config, there, 1))
    assert [exchange.client for exchange in metrics.exchanges if exchange.samples] == [0, 2]
    assert [line for line in said if "client 1 refused round 1: client 1 holds other masks" in line], said
    grid.kill(22)
    expected, _ = run.algorithm.run_round(run.state, there.engine, round_plan(config, there, 1))
    assert same(found, expected)


class _Newer:
    """The records of a server of another version."""

    PROTOCOL = 99

    def __getattr__(self, name: str) -> Any:
        return getattr(records, name)


def test_dense_gradients_come_from_the_nodes(begun: tuple[RunConfig, Prepared]) -> None:
    config, run = begun
    there = on_grid(NodeGrid(TWO), config, run)
    found = {one.client: one for one in there.engine.gradients([1, 2], run.state.weights)}
    assert isinstance(run.engine, LocalEngine)
    for expected in run.engine.gradients([1, 2], run.state.weights):
        got = found[expected.client]
        assert got.samples == expected.samples
        assert all(np.allclose(a, b, atol=1e-6) for a, b in zip(got.gradients, expected.gradients, strict=True))


def test_what_rounding_took_survives_the_server() -> None:
    config, run = prepared(encoding="int8", rounds=3)
    whole = rounds_of(config, on_grid(NodeGrid(TWO), config, run))
    first = on_grid(NodeGrid(TWO), config, run)
    state, _ = run.algorithm.run_round(run.state, first.engine, round_plan(config, first, 1))
    kept = {name: np.array(lost) for name, lost in first.engine.memory().items()}
    assert len(kept) == CLIENTS
    # Another server, other SuperNodes.
    second = on_grid(NodeGrid(TWO), config, run)
    second.engine.restore(kept)
    assert same(rounds_of(config, replace(second, state=state)), whole)
    forgetful = on_grid(NodeGrid(TWO), config, run)
    assert not same(rounds_of(config, replace(forgetful, state=state)), whole)
