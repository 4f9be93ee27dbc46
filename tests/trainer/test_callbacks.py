"""What happens after each round beside training."""

import json
from pathlib import Path

import pytest
from rich.progress import Progress

from host_bridge.errors import UserError
from trainer.algorithms import ServerState
from trainer.callbacks import JsonLines, TensorBoard
from trainer.display import TimeLeftColumn
from trainer.history import RoundRecord

STATE = ServerState(1, (), (), ())


def record(number: int, loss: float | None = 0.5) -> RoundRecord:
    return RoundRecord(number, 0.25 * number, 1.5, loss, 3, 4, (), True, 70, 101, 203, 0.5, None, (2,), 1, 404, 812)


def rounds(path: Path) -> list[int]:
    return [json.loads(line)["round"] for line in path.read_text().splitlines()]


def test_a_line_is_there_as_soon_as_its_round_is_done(tmp_path: Path) -> None:
    path = tmp_path / "rounds.jsonl"
    lines = JsonLines(path, ())
    for number in (1, 2, 3):
        lines.on_round(record(number), STATE)
        assert rounds(path) == list(range(1, number + 1))
    lines.close()
    first = json.loads(path.read_text().splitlines()[0])
    assert (first["loss"], first["train_loss"], first["late"], first["unused"]) == (1.5, 0.5, 1, [2])
    assert (first["bytes_up"], first["bytes_down"]) == (404, 812)


@pytest.mark.parametrize("left", ["", '{"round": 1}\n', '{"round": 1}\n{"round": 2}\n{"round": 3}\n{"rou'])
def test_a_resumed_log_has_every_round_once(tmp_path: Path, left: str) -> None:
    path = tmp_path / "rounds.jsonl"
    path.write_text(left)
    lines = JsonLines(path, (record(1), record(2)))
    assert rounds(path) == [1, 2]
    lines.on_round(record(3), STATE)
    lines.close()
    assert rounds(path) == [1, 2, 3]


def test_a_new_run_leaves_an_old_log_until_its_first_round_is_done(tmp_path: Path) -> None:
    path = tmp_path / "rounds.jsonl"
    path.write_text("old\n")
    JsonLines(path, ()).close()
    assert path.read_text() == "old\n"


def test_a_log_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"cannot write .*missing/rounds\.jsonl: No such file"):
        JsonLines(tmp_path / "missing" / "rounds.jsonl", ()).on_round(record(1), STATE)


def test_event_files_have_every_round_once_after_a_resumption(tmp_path: Path) -> None:
    import tensorflow as tf

    folder = tmp_path / "tensorboard"
    before = TensorBoard(folder, ())
    for number in (1, 2, 3):  # the third is lost: no checkpoint was written
        before.on_round(record(number), STATE)
    before.close()
    after = TensorBoard(folder, (record(1), record(2, None)))
    after.on_round(record(3), STATE)
    after.close()
    found: dict[str, list[tuple[int, float]]] = {}
    for path in folder.iterdir():
        for entry in tf.compat.v1.train.summary_iterator(str(path)):
            for value in entry.summary.value:
                assert value.metadata.plugin_data.plugin_name == "scalars"
                found.setdefault(value.tag, []).append((entry.step, float(tf.make_ndarray(value.tensor))))
    assert found["accuracy"] == [(1, 0.25), (2, 0.5), (3, 0.75)]
    assert found["loss/train"] == [(1, 0.5), (3, 0.5)]
    assert found["bytes_per_client/up"] == [(1, 101), (2, 101), (3, 101)]
    assert found["kept"] == [(1, 70), (2, 70), (3, 70)]


def test_the_time_left_is_known_right_after_a_resumption() -> None:
    now = 1000.0
    progress = Progress(get_time=lambda: now)
    fresh = progress.add_task("round", total=10, before=0.0, spent=0.0)
    resumed = progress.add_task("round", total=10, completed=4, before=80.0, spent=0.0)
    texts = [TimeLeftColumn().render(progress.tasks[task]).plain for task in (fresh, resumed)]
    assert texts == ["-:--:--", "0:02:00"]
    now += 10
    progress.update(resumed, completed=5, spent=10.0)
    assert TimeLeftColumn().render(progress.tasks[resumed]).plain == "0:01:30"
