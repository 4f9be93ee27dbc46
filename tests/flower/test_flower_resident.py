"""The process that stays: one for a SuperNode, it answers what is handed on, remembers, and ends with the SuperNode."""

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
from flwr.app import Context, Message, RecordDict
from flwr.supercore.task_identity import TaskIdentity

from trainer.flower import records
from trainer.flower.handing_on import hand_on, is_short_lived
from trainer.flower.resident import SOCKET, Recollection
from trainer.flower.resident_folder import folder_of, remove_stale

SECONDS = 60.0


def sleeping() -> subprocess.Popen[bytes]:
    return subprocess.Popen(["sleep", "600"])


def end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


@pytest.fixture
def owner() -> Iterator[subprocess.Popen[bytes]]:
    process = sleeping()
    yield process
    end(process)


def context() -> Context:
    placed = {"partition-id": 0, "num-partitions": 1}
    return Context(run_id=1, node_id=1, node_config=placed, state=RecordDict(), run_config={})


def hello(protocol: int) -> Message:
    TaskIdentity.run_id, TaskIdentity.task_id, TaskIdentity.node_id = 1, 1, 1
    content = records.settings_content({"protocol": protocol, "options": "{}"})
    return Message(content, dst_node_id=1, message_type=records.HELLO)


def residents(owner: int) -> list[psutil.Process]:
    found = (one for one in psutil.Process().children(recursive=True) if one.status() != psutil.STATUS_ZOMBIE)
    return [
        one for one in found if "trainer.flower.resident" in " ".join(one.cmdline()) and one.cmdline()[-1] == str(owner)
    ]


def test_one_process_answers_all_messages_and_ends_with_its_owner(owner: subprocess.Popen[bytes]) -> None:
    earlier = sleeping()
    left = folder_of(earlier.pid)
    (left / SOCKET).touch()
    end(earlier)  # with whatever would have cleaned up
    for _ in range(2):
        with pytest.raises(records.RefusedError, match="protocol version 99"):
            records.check_refusal(hand_on(hello(99), context(), owner.pid))
    assert not left.exists()
    (process,) = residents(owner.pid)
    folder = Path(process.cmdline()[-2])
    assert folder.stat().st_mode & 0o777 == 0o700
    end(owner)
    deadline = time.monotonic() + SECONDS
    while residents(owner.pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not residents(owner.pid)
    assert not folder.exists()


def test_what_breaks_there_is_told_here_and_a_dead_one_is_replaced(owner: subprocess.Popen[bytes]) -> None:
    strange = hello(records.PROTOCOL)
    strange.metadata.message_type = "query.nonsense"
    with pytest.raises(RuntimeError, match=r"KeyError: 'query\.nonsense'"):
        hand_on(strange, context(), owner.pid)
    (process,) = residents(owner.pid)
    process.kill()
    process.wait()
    with pytest.raises(RuntimeError, match="KeyError"):
        hand_on(strange, context(), owner.pid)


def test_only_folders_whose_supernode_is_gone_are_removed(
    owner: subprocess.Popen[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    earlier = sleeping()
    theirs, gone = folder_of(owner.pid), folder_of(earlier.pid)
    end(earlier)
    # Another process has the number of one that is gone; another user's; somebody's own.
    again = tmp_path / f"fp-gateway-{os.getuid()}-{owner.pid}-1"
    others = [tmp_path / f"fp-gateway-{os.getuid() + 1}-{earlier.pid}-1", tmp_path / "fp-gateway-notes"]
    for one in (again, *others):
        one.mkdir()
    remove_stale()
    assert not gone.exists()
    assert not again.exists()
    assert sorted(tmp_path.iterdir()) == sorted([theirs, *others])


def test_messages_at_the_same_time_do_not_forget_each_other() -> None:
    memory, names = Recollection("memory/"), ("memory/0", "memory/1")
    one, other = context(), context()
    for name, inside in zip(names, (one, other), strict=True):
        memory.recall(inside)
        before = RecordDict(dict(inside.state))
        inside.state.array_records[name] = records.memory_record({name: np.ones(1)})
        inside.state.config_records["else"] = records.settings_content({})["settings"]  # type: ignore[assignment]
        memory.keep(inside, before)
    later, another_run = context(), context()
    another_run.run_id = 2
    memory.recall(later)
    memory.recall(another_run)
    assert set(later.state) == set(names)
    assert not another_run.state


def test_this_process_lasts() -> None:
    assert not is_short_lived()
