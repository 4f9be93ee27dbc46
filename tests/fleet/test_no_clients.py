"""A fleet of boards with no other clients beside it."""

from collections.abc import Callable, Iterator

import pytest

from trainer.engines.base import ClientReply, ClientTask, Engine, GradientReply, LocalWork
from trainer.engines.no_clients import NoClients

TASK = ClientTask(3, 1, b"", LocalWork(1, 1, 0.1, 0.0), masks=0)
Ask = Callable[[Engine, list[ClientTask]], Iterator[ClientReply | GradientReply]]


@pytest.mark.parametrize(
    "ask",
    [
        lambda engine, tasks: engine.train(tasks),
        lambda engine, tasks: engine.gradients([task.client for task in tasks], ()),
    ],
    ids=["train", "gradients"],
)
def test_whoever_asks_a_client_that_is_not_there_hears_it_at_once(ask: Ask) -> None:
    assert list(ask(NoClients(), [])) == []
    with pytest.raises(RuntimeError, match="client 3 does not run here"):
        ask(NoClients(), [TASK])


def test_it_remembers_nothing() -> None:
    engine = NoClients()
    engine.restore({"residual/3/0": TASK.masks})  # type: ignore[dict-item]
    assert engine.memory() == {}
