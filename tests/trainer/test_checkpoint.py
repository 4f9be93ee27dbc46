"""Checkpoints: nothing is lost on the way to a file and back, through kill -9, or to another run's file."""

import io
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console
from tiny_federation import tiny_cnn, tiny_dataset, tiny_dense

import trainer.callbacks.jsonl
import trainer.prepare
import trainer.run
from host_bridge.errors import UserError
from trainer.checkpoint import CHECKPOINT, Checkpoint, Origin, check_options, read_checkpoint, write_checkpoint
from trainer.config import RunConfig, make_config
from trainer.display import Display
from trainer.history import RoundRecord
from trainer.run import run
from trainer.staging import claimed

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def record(number: int) -> RoundRecord:
    return RoundRecord(number, 0.1 * number, 1 / 3, None, 1, 2, ("client 1 sent",), True, 7, 1, 2, 0.25, (0, 1), (1,))


def checkpoint(**changes: Any) -> Checkpoint:
    draw = np.random.default_rng(3)
    shared = (draw.random((5, 3)) < 0.4, None, draw.random((2, 2, 1, 3)) < 0.5)
    own = (draw.random((5, 3)) < 0.4, draw.random(3) < 0.5, np.ones((2, 2, 1, 3), np.bool_))
    shapes = ((5, 3), (3,), (2, 2, 1, 3))
    weights = tuple(draw.normal(size=shape).astype(np.float32) for shape in shapes)
    weights[0][1] = 0
    weights[0][2] = [-0.0, np.nan, 1e-42]
    given: dict[str, Any] = {
        "config": make_config({"board": "none"}).model_dump(mode="json"),
        "origin": Origin("tensorflow", 0xDEADBEEF, (("a/kernel", (5, 3)), ("a/bias", (3,)))),
        "round": 2,
        "weights": weights,
        "masks": (shared, own, shared),
        "memory": {"velocity": weights, "unaware": (np.ones(3, np.float32),)},
        "clients": {"residual/0": weights[1], "counts": np.arange(4, dtype=np.int64)},
        "records": (record(1), record(2)),
    }
    return Checkpoint(**given | changes)


def same_tensors(some: Any, others: Any) -> bool:
    rows = list(itertools.zip_longest(some, others))
    return all(
        (one is None and two is None)
        or (one.dtype == two.dtype and one.shape == two.shape and one.tobytes() == two.tobytes())
        for one, two in rows
    )


def test_nothing_is_lost_on_the_way_to_a_file_and_back(tmp_path: Path) -> None:
    before = checkpoint()
    write_checkpoint(before, tmp_path / CHECKPOINT)
    after = read_checkpoint(tmp_path / CHECKPOINT)
    assert (after.config, after.origin, after.round, after.records) == (
        before.config,
        before.origin,
        before.round,
        before.records,
    )
    assert same_tensors(before.weights, after.weights)
    assert all(same_tensors(one, two) for one, two in zip(before.masks, after.masks, strict=True))
    assert after.masks[0] is after.masks[2] is not after.masks[1]
    assert before.memory.keys() == after.memory.keys()
    assert all(same_tensors(before.memory[name], after.memory[name]) for name in before.memory)
    assert before.clients.keys() == after.clients.keys()
    assert same_tensors(before.clients.values(), after.clients.values())
    assert [path.name for path in tmp_path.iterdir()] == [CHECKPOINT]


def test_zeros_take_a_bit_and_masks_are_stored_once(tmp_path: Path) -> None:
    weight = np.zeros((1000, 400), np.float32)
    weight[:20] = 1
    mask = (weight != 0,)
    write_checkpoint(checkpoint(weights=(weight,), masks=(mask,) * 50, memory={}, clients={}), tmp_path / CHECKPOINT)
    content = weight.size / 8 + 4 * 20 * 400 + weight.size / 8
    assert content < (tmp_path / CHECKPOINT).stat().st_size < content + 8192


def test_a_failed_write_leaves_the_checkpoint_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_checkpoint(checkpoint(), tmp_path / CHECKPOINT)
    before = (tmp_path / CHECKPOINT).read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match=r"cannot write .*checkpoint\.npz: No space left"):
        write_checkpoint(checkpoint(round=0, records=()), tmp_path / CHECKPOINT)
    assert (tmp_path / CHECKPOINT).read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == [CHECKPOINT]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_file_is_named_in_one_line(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / CHECKPOINT
    write_checkpoint(checkpoint(), path)
    content = bytearray(path.read_bytes())
    if data.draw(st.booleans(), "truncate"):
        content = content[: data.draw(st.integers(0, len(content) - 1))]
    else:
        content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    try:
        again = read_checkpoint(path)
    except UserError as error:
        assert "\n" not in str(error)
        assert str(path) in str(error)
        assert "start without --resume" in str(error)
        return
    # Some bytes of a ZIP file, such as times, say nothing about what it holds.
    assert same_tensors(again.weights, checkpoint().weights)
    assert again.config == checkpoint().config


def test_a_pickle_is_not_opened(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> Any:
            return Path.touch, (tmp_path / "sprung",)

    np.savez(tmp_path / CHECKPOINT, header=np.array([Trap()], dtype=object))
    with pytest.raises(UserError, match="is damaged"):
        read_checkpoint(tmp_path / CHECKPOINT)
    assert not (tmp_path / "sprung").exists()


def test_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / CHECKPOINT
    write_checkpoint(checkpoint(), path)
    with zipfile.ZipFile(path) as stored:
        header = json.loads(np.load(io.BytesIO(stored.read("header.npy"))).tobytes())
    np.savez(path, header=np.frombuffer(json.dumps(header | {"version": 99}).encode(), np.uint8))
    with pytest.raises(UserError, match=r"has version 99, not 1; start without --resume"):
        read_checkpoint(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sparsity": 0.95}, r"run with sparsity = 0\.98, not 0\.95; give the options of that run, or start without"),
        ({"rounds": 31, "seed": 2}, r"run with rounds = 30, not 31"),
        ({"cohort": 3}, r"run with cohort = None, not 3"),
        ({"method": "fedavg"}, r"run with method = 'fedpai-u', not 'fedavg'"),
    ],
)
def test_a_checkpoint_of_other_options_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        check_options(checkpoint(), make_config({"board": "none", **changes}), Path("runs/a/checkpoint.npz"))


def test_options_that_come_after_the_rounds_may_differ() -> None:
    other = {"out": "elsewhere", "board": "mps2_an386", "emulator": "qemu", "data_dir": "/data", "tensorboard": False}
    check_options(checkpoint(), make_config(other), Path(CHECKPOINT))


@pytest.mark.parametrize("keep", ["then", "now"])
def test_a_checkpoint_of_another_version_of_the_options_is_refused(keep: str) -> None:
    config = dict(checkpoint().config)
    if keep == "now":
        del config["momentum"]
    else:
        config["telepathy"] = True
    with pytest.raises(UserError, match=r"another version of this program .*(momentum|telepathy)"):
        check_options(checkpoint(config=config), make_config({"board": "none"}), Path(CHECKPOINT))


# Whole runs of a tiny model in this process.


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer.prepare, "load_dataset", lambda *_: tiny_dataset())
    monkeypatch.setattr(trainer.prepare, "load_builder", lambda _: tiny_cnn)


HARD = {
    "encoding": "int8",
    "server_optimiser": "adam",
    "server_learning_rate": 0.1,
    "cohort": 3,
    "drop_rate": 0.2,
    "late_rate": 0.2,
    "quorum": 0.0,
}


def options(folder: Path, **given: Any) -> RunConfig:
    few = {"sparsity": 0.5, "clients": 4, "rounds": 4, "local_epochs": 1, "batch_size": 8, "board": "none"}
    return make_config({**few, **HARD, "tensorboard": False, "out": str(folder), **given})


def outcome(folder: Path) -> tuple[Any, bytes, list[Any]]:
    """Everything but what a clock said."""
    summary = json.loads((folder / "summary.json").read_text())
    rounds = [json.loads(line) for line in (folder / "rounds.jsonl").read_text().splitlines()]
    assert rounds == summary["rounds"]
    for each in (*summary["rounds"], *rounds):
        del each["seconds"]
    del summary["config"]["out"]
    return summary, (folder / "model.tflite").read_bytes(), rounds


class Killed(BaseException):
    """Stands for the end of the process."""


def break_after(monkeypatch: pytest.MonkeyPatch, last: int) -> None:
    """End the process in round ``last``: the checkpoint has it, the line of the log has been written by half."""
    append = trainer.callbacks.jsonl.JsonLines._append

    def die(self: Any, done: RoundRecord, _: object) -> None:
        append(self, done)
        if done.round == last:
            self._file.truncate((self._path.stat().st_size or 9) - 9)
            raise Killed

    monkeypatch.setattr(trainer.callbacks.jsonl.JsonLines, "on_round", die)


@pytest.mark.usefixtures("tiny")
def test_a_run_interrupted_after_any_round_ends_like_one_that_was_not(tmp_path: Path) -> None:
    whole, log = options(tmp_path / "whole"), io.StringIO()
    run(whole, Display(Console(file=io.StringIO())))
    broken = options(tmp_path / "broken")
    for number in range(1, whole.rounds + 1):
        with pytest.MonkeyPatch.context() as patch:
            break_after(patch, number)
            with pytest.raises(Killed):
                run(broken, Display(Console(file=log)), resume=number > 1)
        assert sorted(path.name for path in broken.folder.iterdir()) == [CHECKPOINT, "rounds.jsonl"]
    run(broken, Display(Console(file=log)), resume=True)
    assert outcome(broken.folder) == outcome(whole.folder)
    assert not (broken.folder / CHECKPOINT).exists()
    assert "going on after round 4 of 4" in log.getvalue()
    assert "--resume with the same options goes on" in " ".join(log.getvalue().split())
    with pytest.raises(UserError, match=r"broken is finished; start without --resume"):
        run(broken, resume=True)


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize(
    "given",
    [
        {"method": "prunefl"},
        {"method": "feddst"},
        {"method": "fedtiny"},
        {"method": "iterative-magnitude"},
        {"method": "fedpai-u", "pruner": "snip", "masks": "personalized"},
        {"method": "fedpai-s"},
    ],
    ids=lambda given: given["method"],
)
def test_masks_that_change_or_differ_survive_too(tmp_path: Path, given: dict[str, Any]) -> None:
    """Masks are changed in every round, before and after the interruption."""
    whole, broken = (
        options(tmp_path / name, adjust_every=1, late_rate=0.0, encoding="float16", **given)
        for name in ("whole", "broken")
    )
    run(whole, Display(Console(file=io.StringIO())))
    with pytest.MonkeyPatch.context() as patch:
        break_after(patch, 2)
        with pytest.raises(Killed):
            run(broken, Display(Console(file=io.StringIO())))
    run(broken, Display(Console(file=io.StringIO())), resume=True)
    assert outcome(broken.folder) == outcome(whole.folder)


@pytest.mark.usefixtures("tiny")
def test_other_data_and_another_model_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = options(tmp_path / "run")
    monkeypatch.setattr(trainer.run, "convert_int8", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run(config, Display(Console(file=io.StringIO())))
    changed = tiny_dataset()
    changed.train_x[3, 0, 0, 0] += 0.5
    monkeypatch.setattr(trainer.prepare, "load_dataset", lambda *_: changed)
    with pytest.raises(UserError, match=r"checkpoint\.npz: the data was CRC \w{8} then and is CRC \w{8} now; start"):
        run(config, Display(Console(file=io.StringIO())), resume=True)
    monkeypatch.setattr(trainer.prepare, "load_dataset", lambda *_: tiny_dataset())
    monkeypatch.setattr(trainer.prepare, "load_builder", lambda _: tiny_dense)
    with pytest.raises(UserError, match=r"the model was conv/kernel \(3, 3, 1, 4\) then and is first/kernel"):
        run(config, Display(Console(file=io.StringIO())), resume=True)
    assert (config.folder / CHECKPOINT).is_file()


def test_nothing_to_resume_is_said_before_anything_is_loaded(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"nothing to resume in .*none; start without --resume"):
        run(options(tmp_path / "none"), resume=True)
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_run_left_half_made_goes_away_and_two_runs_keep_apart(tmp_path: Path) -> None:
    (tmp_path / ".run-abc" / "firmware").mkdir(parents=True)
    (tmp_path / ".checkpoint.npz.xyz").write_bytes(b"half")
    (tmp_path / ".mine").write_text("mine")
    with claimed(tmp_path):
        assert [path.name for path in tmp_path.iterdir()] == [".mine"]
        (tmp_path / ".run-now").mkdir()
        with pytest.raises(UserError, match="another run is at work in"), claimed(tmp_path):
            pass
        assert (tmp_path / ".run-now").is_dir()
    with claimed(tmp_path):
        pass


# Processes that are really killed.

BATCHES = {"OMP_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}


def start(command: list[str], log: Path) -> subprocess.Popen[bytes]:
    env = os.environ | BATCHES | {"PYTHONPATH": os.pathsep.join((str(ROOT), str(HERE)))}
    with log.open("ab") as file:
        return subprocess.Popen([sys.executable, *command], env=env, stdout=file, stderr=file)


def test_kill_9_while_files_are_written_loses_and_repeats_nothing(tmp_path: Path) -> None:
    """Rounds that take no time: the process spends its life within the writing of checkpoint and log."""
    rounds, chance, killed, log = 400, random.Random(7), 0, tmp_path / "log"
    for name in ("whole", "broken"):
        (tmp_path / name).mkdir()
    program = [str(HERE / "killable_run.py")]
    assert start([*program, str(tmp_path / "whole"), str(rounds)], log).wait() == 0
    while True:
        started = log.read_bytes().count(b"started")
        child = start([*program, str(tmp_path / "broken"), str(rounds)], log)
        while log.read_bytes().count(b"started") == started and child.poll() is None:
            time.sleep(0.005)
        try:
            assert child.wait(chance.uniform(0, 0.25) if killed < 12 else None) == 0, log.read_text()
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGKILL)
            child.wait()
            killed += 1
            continue
        break
    assert killed >= 3
    whole, broken = (read_checkpoint(tmp_path / name / CHECKPOINT) for name in ("whole", "broken"))
    assert whole.round == broken.round == rounds
    assert same_tensors(whole.weights, broken.weights)
    assert all(same_tensors(one, two) for one, two in zip(whole.masks, broken.masks, strict=True))
    assert same_tensors(whole.memory["velocity"], broken.memory["velocity"])
    assert same_tensors(whole.clients.values(), broken.clients.values())
    assert all(np.isfinite(weight).all() for weight in whole.weights)
    lines = [json.loads(line) for line in (tmp_path / "broken" / "rounds.jsonl").read_text().splitlines()]
    assert [line["round"] for line in lines] == list(range(1, rounds + 1))
    assert [line["train_loss"] for line in lines] == [each.loss for each in whole.records]


@pytest.mark.slow
@pytest.mark.parametrize("method", ["fedpai-u", "fedavg"])
def test_kill_9_of_the_command_line_at_any_moment(tmp_path: Path, method: str) -> None:
    """Start-up, rounds, conversion, moving of results: whenever it is killed, --resume ends in the same result."""
    given = ["--dataset", "tiny_federation:tiny_dataset", "--model", "tiny_federation:tiny_cnn", "--method", method]
    given += ["--clients", "4", "--rounds", "300", "--batch-size", "8", "--sparsity", "0.5", "--board", "none"]
    given += ["--encoding", "int8", "--server-optimiser", "momentum", "--drop-rate", "0.2", "--late-rate", "0.1"]
    chance, log = random.Random(11), tmp_path / "log"
    program = [str(ROOT / "trainer" / "federate.py"), *given]
    begin = time.monotonic()
    assert start([*program, "--out", str(tmp_path / "whole")], log).wait() == 0, log.read_text()
    seconds, killed = time.monotonic() - begin, 0
    broken = tmp_path / "broken"
    while killed < 6:
        resume = ["--resume"] if (broken / CHECKPOINT).exists() else []
        child = start([*program, "--out", str(broken), *resume], log)
        try:
            assert child.wait(chance.uniform(0.3, 0.9) * seconds) == 0, log.read_text()
            break
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
            killed += 1
    assert killed >= 2
    if not (broken / "summary.json").exists():
        resume = ["--resume"] if (broken / CHECKPOINT).exists() else []
        assert start([*program, "--out", str(broken), *resume], log).wait() == 0, log.read_text()
    assert outcome(broken) == outcome(tmp_path / "whole")
    assert sorted(path.name for path in broken.iterdir()) == sorted(
        path.name for path in (tmp_path / "whole").iterdir()
    )
