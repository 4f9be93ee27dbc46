"""Flower's mods on updates of kept values."""

from dataclasses import replace
from functools import partial
from io import BytesIO

import numpy as np
import pytest
from flwr.app import Message
from flwr.common.secure_aggregation.secaggplus_constants import RECORD_KEY_CONFIGS
from node_grid import NodeGrid
from test_flower_engine import BASE, TWO, on_grid, prepared

from host_bridge.errors import UserError
from trainer.config import RunConfig, make_config
from trainer.engines.base import ClientTask
from trainer.federation import local_work, round_plan
from trainer.flower import records
from trainer.masks import fingerprint
from trainer.prepare import Prepared
from trainer.values import pack_values

CLIP = 0.01


def update_norm(epsilon: float) -> float:
    """Length of client 0's update in the first round."""
    config, run = prepared()
    config = make_config(
        {
            **BASE,
            "model": "digits_cnn",
            "engine": "flower",
            "privacy": "local-dp",
            "dp_clip": CLIP,
            "dp_epsilon": epsilon,
        }
    )
    there = on_grid(NodeGrid(TWO), config, run)
    own = pack_values(run.state.weights, run.masks)
    task = ClientTask(0, 1, own.tobytes(), local_work(config, 1), fingerprint(run.masks))
    (reply,) = there.engine.train([task])
    return float(np.linalg.norm(np.frombuffer(reply.payload, "<f4") - own))


def test_updates_are_clipped_and_blurred() -> None:
    assert update_norm(1e9) == pytest.approx(CLIP, rel=1e-3)
    # The noise of n values has a norm of about sigma sqrt(n), with sigma = clip sqrt(2 ln(1.25 / delta)) / epsilon.
    values = len(pack_values(*_state()))
    expected = CLIP * np.sqrt(2 * np.log(1.25 / 1e-5)) / 0.5 * np.sqrt(values)
    assert update_norm(0.5) == pytest.approx(expected, rel=0.05)


def _state() -> tuple[tuple[np.ndarray, ...], tuple[np.ndarray | None, ...]]:
    _, run = prepared()
    return run.state.weights, run.masks


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"privacy": "secagg"}, "--engine flower"),
        ({"privacy": "secagg", "engine": "flower", "encoding": "int8"}, "not int8"),
        ({"privacy": "secagg", "engine": "flower", "masks": "personalized", "pruner": "snip"}, "--masks shared"),
        ({"privacy": "secagg", "engine": "flower", "method": "prunefl"}, "asks for gradients"),
        ({"privacy": "secagg", "engine": "flower", "aggregator": "median"}, "no median"),
        ({"privacy": "secagg", "engine": "flower", "clip_norm": 1.0}, "--clip-norm"),
        ({"privacy": "secagg", "engine": "flower", "late_rate": 0.1}, "--late-rate"),
        ({"privacy": "secagg", "engine": "flower", "clients": 2}, "3 to 1000 clients"),
        ({"privacy": "local-dp"}, "--engine flower"),
        ({"privacy": "local-dp", "engine": "flower", "encoding": "int8"}, "not int8"),
    ],
)
def test_what_does_not_go_together_is_refused(given: dict[str, str], words: str) -> None:
    with pytest.raises(UserError, match=words):
        make_config(given)


def test_without_privacy_values_are_untouched() -> None:
    config, run = prepared()
    there = on_grid(NodeGrid(TWO), config, run)
    own = pack_values(run.state.weights, run.masks)
    task = ClientTask(0, 1, own.tobytes(), local_work(config, 1), fingerprint(run.masks))
    (reply,) = there.engine.train([task])
    (here,) = replace(run).engine.train([task])
    assert np.allclose(np.frombuffer(reply.payload, "<f4"), np.frombuffer(here.payload, "<f4"), atol=1e-6)


def secure(seed: int = 1) -> tuple[RunConfig, Prepared]:
    """A run by SecAgg+ as its nodes see it, prepared for this process."""
    _, run = prepared(seed=seed)
    given = {**BASE, "model": "digits_cnn", "engine": "flower", "privacy": "secagg", "seed": seed}
    return make_config(given), run


def test_secure_aggregation_gives_the_mean_and_hides_what_it_is_of() -> None:
    config, run = secure()
    seen: list[bytes] = []
    grid = NodeGrid(TWO, {node: partial(_listening, seen) for node in TWO})
    there = on_grid(grid, config, run)
    plan = round_plan(config, there, 1)
    found, metrics = run.algorithm.run_round(run.state, there.engine, plan)
    expected, plain = run.algorithm.run_round(run.state, run.engine, plan)
    for one, other in zip(found.weights, expected.weights, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
    assert metrics.loss == pytest.approx(plain.loss, rel=1e-4)
    values = len(pack_values(run.state.weights, run.masks))
    # Masked values are 64-bit integers; keys and shares come on top.
    assert all(8 * values < exchange.bytes_up < 8 * values + 12_000 for exchange in metrics.exchanges)
    masked = [np.load(BytesIO(one))[:values] for one in seen]
    assert len(masked) == 4
    assert all(one.std() == pytest.approx(2**32 / np.sqrt(12), rel=0.05) for one in masked)  # evenly spread


def _listening(seen: list[bytes], _: Message, reply: Message) -> Message:
    """Keep what clients send of their values."""
    told = reply.content.config_records.get(RECORD_KEY_CONFIGS, {})
    if "masked_params" in told:
        seen.append(told["masked_params"][1])
    return reply


def test_secure_aggregation_does_without_a_client_that_vanishes_in_its_midst() -> None:
    config, run = secure()
    said: list[str] = []
    there = on_grid(NodeGrid(TWO, {22: _refusing_training}), config, run, said)
    plan = round_plan(config, there, 1)
    _, metrics = run.algorithm.run_round(run.state, there.engine, plan)
    assert [exchange.client for exchange in metrics.exchanges if exchange.samples] == [0, 2]
    assert [line for line in said if line.startswith("client 1 refused")], said


def _refusing_training(message: Message, reply: Message) -> Message:
    if reply.content.array_records:
        return Message(records.refusal("its board is gone"), reply_to=message)
    return reply


def test_values_that_would_be_clipped_are_refused_by_name() -> None:
    config, run = secure()
    large = tuple(np.where(weight != 0, np.float32(9), weight) for weight in run.state.weights)
    said: list[str] = []
    there = on_grid(NodeGrid(TWO), config, run, said)
    state = replace(run.state, weights=large)
    _, metrics = run.algorithm.run_round(state, there.engine, round_plan(config, there, 1))
    assert not metrics.applied
    assert [line for line in said if "SecAgg+ carries 8 at most" in line], said


def test_a_plain_update_is_refused_where_updates_are_summed() -> None:
    config, run = secure()
    said: list[str] = []
    there = on_grid(NodeGrid(TWO), config, run, said)
    there.engine.options = '{"privacy": "none"}'  # type: ignore[attr-defined]
    _, metrics = run.algorithm.run_round(run.state, there.engine, round_plan(config, there, 1))
    assert not any(exchange.samples for exchange in metrics.exchanges)
    assert "none is sent by itself" in said[0]
