"""A SuperLink and two SuperNodes with TLS, node authentication and emulated boards behind them; some are killed."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psutil
import pytest

from trainer.fleet.serve import serving
from trainer.flower.credentials import make_credentials
from trainer.flower.loopback import Loopback, await_word, environment, loopback, start
from trainer.flower.options import read_run_config
from trainer.run import run

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1500),
    pytest.mark.qemu,
    pytest.mark.skipif(shutil.which("qemu-system-arm") is None, reason="qemu-system-arm is not installed"),
]
OPTIONS = "rounds = 4, clients = 4, local_epochs = 1, pruner = 'random', quorum = 0.25"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[tuple[Loopback, str, Path]]:
    """A federation with two boards behind each SuperNode, its run's options, and where its results go."""
    out = tmp_path / "out"
    asked = f"out = '{out}', {OPTIONS}"
    config, _ = read_run_config({"options": asked})
    with ExitStack() as stack:
        settings = {node: {"devices": ",".join(stack.enter_context(serving(config, "qemu:2")))} for node in (0, 1)}
        (tmp_path / "flower").mkdir()
        yield stack.enter_context(loopback(tmp_path / "flower", settings)), asked, out


def words(federation: Loopback, said: list[str]) -> str:
    """What a run has said, and the ends of what the SuperLink and the SuperNodes have."""
    running = [federation.superlink, *federation.nodes.values()]
    return "\n".join(["".join(said), *(f"{one.name}: {one.written()[-4000:]}" for one in running if one is not None)])


def summary_of(out: Path) -> dict[str, Any]:
    return dict(json.loads((out / "summary.json").read_text()))


def in_one_process(folder: Path) -> dict[str, Any]:
    config, _ = read_run_config({"options": f"out = '{folder}', {OPTIONS}"})
    run(config.model_copy(update={"engine": "local", "devices": "none"}))
    return summary_of(folder)


def test_boards_behind_supernodes_give_the_result_of_one_process(
    place: tuple[Loopback, str, Path], tmp_path: Path
) -> None:
    federation, asked, out = place
    said = list(federation.run(asked))
    assert (out / "summary.json").is_file(), words(federation, said)
    here = in_one_process(tmp_path / "here")["rounds"]
    for there, expected in zip(summary_of(out)["rounds"], here, strict=True):
        assert there["answered"] == 4
        assert there["loss"] == pytest.approx(expected["loss"], rel=1e-4)


def test_a_supernode_and_a_board_vanish_and_the_server_starts_again(place: tuple[Loopback, str, Path]) -> None:
    federation, asked, out = place
    said = []
    for line in federation.run(asked):
        said.append(line)
        if "round 1/4" in line:
            federation.kill_node(1)
            federation.kill_server()
            break
    assert 1 not in federation.nodes, words(federation, said)
    assert (out / "checkpoint.npz").is_file()
    boards = [one for one in psutil.Process().children(recursive=True) if one.name().startswith("qemu-system")]
    assert len(boards) == 4
    boards[0].kill()
    federation.start_node(1, {})
    said = list(federation.run(asked, resume=True))
    assert (out / "summary.json").is_file(), words(federation, said)
    rounds = summary_of(out)["rounds"]
    assert len(rounds) == 4
    assert rounds[0]["answered"] == 4
    assert rounds[-1]["answered"] == 3  # all but the board


def test_the_superlink_starts_again_and_supernodes_come_back_by_themselves(
    place: tuple[Loopback, str, Path],
) -> None:
    federation, asked, out = place
    said = []
    for line in federation.run(asked):
        said.append(line)
        if "round 2/4" in line:
            federation.kill_superlink()
            break
    assert federation.superlink is None, words(federation, said)
    assert len(summary_rounds(out)) == 2
    federation.start_superlink()
    said = list(federation.run(asked, resume=True))
    assert (out / "summary.json").is_file(), words(federation, said)
    assert [one["answered"] for one in summary_of(out)["rounds"]] == [4, 4, 4, 4], words(federation, said)
    assert any("going on after round 2 of 4" in line for line in said)


def summary_rounds(out: Path) -> list[str]:
    """The lines of the rounds that are done."""
    return (out / "rounds.jsonl").read_text().splitlines()


def test_a_supernode_whose_key_nobody_registered_is_refused(tmp_path: Path) -> None:
    (stranger,) = make_credentials(tmp_path / "strange", 1).nodes
    with loopback(tmp_path, {}) as federation:
        command = [sys.executable, "-m", "trainer.flower", "node", "--superlink", f"127.0.0.1:{federation.port}"]
        command += ["--root-certificates", str(federation.credentials.authority), "--key", str(stranger[0])]
        command += ["--partition-id", "0", "--num-partitions", "1"]
        variables = {**os.environ, **environment(tmp_path)}
        done = subprocess.run(command, env=variables, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    told, said = done.stderr.splitlines()  # Flower's own pages are not shown
    assert told.startswith("joining the SuperLink")
    assert "Failed to activate SuperNode" in said
    assert said.endswith(f"flwr supernode register {stranger[1]}")


def test_a_supernode_that_is_ended_and_not_killed_may_come_back_at_once(tmp_path: Path) -> None:
    with loopback(tmp_path, {0: {}}) as federation:
        before = federation.nodes[0]
        (ours,) = psutil.Process(before.process.pid).children()
        ours.terminate()
        before.wait(60)
        before.stop()
        again = start("SuperNode 0", federation.node_command(0, {}), environment(tmp_path))
        with again:
            await_word(again, "SuperNode ID")
