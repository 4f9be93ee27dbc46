"""SecAgg+ over a SuperLink and SuperNodes: the plain federation's values, and no update that the server could read."""

import json
import pickle
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flwr.app import RecordDict
from flwr.common.secure_aggregation.secaggplus_constants import RECORD_KEY_CONFIGS

from trainer.federation import round_plan
from trainer.flower import records
from trainer.flower.loopback import loopback
from trainer.flower.options import read_run_config
from trainer.prepare import load_data, prepare
from trainer.privacy import SECAGG_LARGEST
from trainer.tensors import Float32
from trainer.values import pack_values

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]
CLIENTS, ROUNDS, STAGES = 4, 3, 4
OPTIONS = f"rounds = {ROUNDS}, clients = {CLIENTS}, local_epochs = 1, pruner = 'random'"
STEP = 2 * SECAGG_LARGEST / 2**22
"""Of the workflow's quantisation."""
LISTENER = """
import pickle, sys

if any(part.endswith("flwr-serverapp") for part in sys.orig_argv):
    from trainer.flower.engine import FlowerEngine

    pull, train = FlowerEngine._pull, FlowerEngine.train

    def note(what):
        with open({heard!r}, "ab") as file:
            pickle.dump(what, file)

    def pulling(self, waiting):
        for about, content in pull(self, waiting):
            note(content)
            yield about, content

    def training(self, tasks):
        given = list(tasks)
        note(given[0].payload)
        yield from train(self, given)

    FlowerEngine._pull, FlowerEngine.train = pulling, training
"""


def listen(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have the values that the ServerApp's process begins each round with, and every reply, written to a file."""
    folder.mkdir()
    heard = folder / "heard"
    (folder / "sitecustomize.py").write_text(LISTENER.format(heard=str(heard)))
    monkeypatch.setenv("PYTHONPATH", str(folder))
    return heard


def read(heard: Path) -> tuple[list[Float32], list[RecordDict]]:
    """Values at the beginning of each round, and the replies' contents."""
    found = []
    with heard.open("rb") as file:
        while file.peek(1):
            found.append(pickle.load(file))
    begun = [np.frombuffer(one, "<f4") for one in found if isinstance(one, bytes)]
    return begun, [one for one in found if isinstance(one, RecordDict)]


def plainly() -> Iterator[Float32]:
    """The server's values at the beginning of each round, by clients in this process and plain means."""
    config, _ = read_run_config({"options": f"out = '/unused', {OPTIONS}"})
    config = config.model_copy(update={"engine": "local", "devices": "none"})
    begun = prepare(config, load_data(config))
    state = begun.state
    for number in range(1, ROUNDS + 1):
        yield pack_values(state.weights, begun.masks)
        state, _ = begun.algorithm.run_round(state, begun.engine, round_plan(config, begun, number))


def masked_values(content: RecordDict) -> list[np.ndarray[Any, Any]]:
    told: dict[str, Any] = dict(content.config_records.get(RECORD_KEY_CONFIGS, {}))
    return [np.load(BytesIO(one)) for one in told.get("masked_params", [])]


def test_supernodes_add_up_what_the_server_cannot_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard, out = listen(tmp_path / "listener", monkeypatch), tmp_path / "out"
    (tmp_path / "flower").mkdir()
    with loopback(tmp_path / "flower", {0: {}, 1: {}}) as federation:
        said = "".join(federation.run(f"out = '{out}', {OPTIONS}, privacy = 'secagg'"))
    assert (out / "summary.json").is_file(), said
    summary = json.loads((out / "summary.json").read_text())
    assert [one["answered"] for one in summary["rounds"]] == [CLIENTS] * ROUNDS
    kinds = {one["kind"]: one["count"] for one in summary["messages"]}
    assert kinds == {records.HELLO: 2, records.AGREE: 2, records.SECURE: CLIENTS * ROUNDS * STAGES}

    begun, replies = read(heard)
    expected = list(plainly())
    moved = np.abs(expected[-1] - expected[0]).max()
    assert moved > 1000 * STEP
    for number, (one, other) in enumerate(zip(begun, expected, strict=True)):
        np.testing.assert_allclose(one, other, rtol=0, atol=2 * number * STEP)
    check_masked(replies, len(expected[0]))


def check_masked(replies: list[RecordDict], kept: int) -> None:
    """Values come masked, which spreads them evenly over 32 bits, and what else comes has no room for them."""
    assert len(replies) == 4 + CLIENTS * ROUNDS * STAGES
    updates = 0
    for content in replies:
        values = [array for array in masked_values(content) if array.size >= kept]
        updates += len(values)
        for array in values:
            assert array.std() == pytest.approx(2**32 / np.sqrt(12), rel=0.05)
        assert records.content_bytes(content) - sum(array.nbytes for array in values) < 2 * kept
    assert updates == CLIENTS * ROUNDS
