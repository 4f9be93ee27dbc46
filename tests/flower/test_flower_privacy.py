"""Flower's mods on updates of kept values."""

from dataclasses import replace

import numpy as np
import pytest
from node_grid import NodeGrid
from test_flower_engine import BASE, TWO, on_grid, prepared

from host_bridge.errors import UserError
from trainer.config import make_config
from trainer.engines.base import ClientTask
from trainer.federation import local_work
from trainer.masks import fingerprint
from trainer.values import pack_values

CLIP = 0.01


def update_norm(epsilon: float) -> float:
    """Length of client 0's update in the first round."""
    config, run = prepared(engine="local")
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
        ({"privacy": "secagg", "engine": "flower"}, "SecAgg"),
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
