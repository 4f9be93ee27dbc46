"""One board that learns, under sanitizers: what it refuses, by which name, and that it stays alive."""

import random
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tiny_fleet import TinyFleet, plan_of

import host_bridge.learning_messages as messages
from device_sim.emulators import start_emulator
from firmware_gen.boards import load_board
from firmware_gen.learner_build import build_learner
from host_bridge.client import Board
from host_bridge.learner import Learner, RoundTask, RoundWork, task_bytes
from host_bridge.link import BoardError
from host_bridge.message import Message, fixed_bytes
from host_bridge.payload import Value, pack
from host_bridge.transfer import get, put
from trainer.fleet.setup import Samples, mask_setup
from trainer.values import pack_values

BOARD = load_board("stm32f4_qemu")
WORK = RoundWork(2, 4, 0.05, 0.9, 0.0, 0.0, "float32")


class Bench:
    """A board with its mask and samples, and a good round for it."""

    def __init__(self, learner: Learner, tiny: TinyFleet) -> None:
        self.learner, self.board = learner, learner.board
        state = tiny.state()
        masks = state.masks[0]
        learner.load_mask(mask_setup(tiny.network.specs, masks, None).gaps)
        indices = tiny.partition[0]
        self.samples = Samples(tiny.data.train_x[indices], tiny.data.train_y[indices])
        shard = self.samples.shard(learner.state())
        learner.load_shard(shard.labels, shard.samples)
        self.count = len(indices)
        self.values = pack_values(state.weights, masks)
        self.task = RoundTask(
            7, 1, 0, learner.state().mask, WORK, list(range(self.count)) * 2, None, self.values.tobytes()
        )

    def refusal(self, message: Message, **values: Value) -> str:
        with pytest.raises(BoardError) as caught:
            self.board.link.exchange(message, pack(message.request, values))
        return caught.value.name

    def refused_task(self, task: RoundTask) -> str:
        with pytest.raises(BoardError) as caught:
            self.learner.begin(task, self.count)
            self.learner.load_task(task, self.count)
        return caught.value.name


@pytest.fixture(scope="module")
def elf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tiny = TinyFleet()
    plan = plan_of(tiny.network, tiny.data, "native:1")
    purpose = replace(plan.purpose, samples=12, values=90, epochs=2)
    out = tmp_path_factory.mktemp("learner") / "native"
    return build_learner(plan.description, purpose, BOARD, out, target="native", sanitize=True).elf


@pytest.fixture(scope="module")
def tiny() -> TinyFleet:
    return TinyFleet()


@pytest.fixture
def learner(elf: Path) -> Iterator[Learner]:
    with start_emulator("native", elf, BOARD) as emulated, Board.connect(emulated.url) as board:
        yield Learner(board)
        assert board.ping(b"alive") == b"alive"


@pytest.fixture
def bench(learner: Learner, tiny: TinyFleet) -> Bench:
    return Bench(learner, tiny)


def test_a_fresh_board_has_nothing_and_says_so(learner: Learner) -> None:
    state = learner.state()
    assert (state.mask, state.values, state.samples, state.round, state.runs) == (0, 0, 0, 0, 0)
    assert not state.has_shard
    work = {"epochs": 1, "batch_size": 4, "learning_rate": 0, "momentum": 0, "weight_decay": 0, "proximal": 0}
    round_ = {"run": 1, "number": 1, "since": 0, "task_crc32": 0, "mask": 5, "encoding": 0, "moved": 0, **work}
    model = learner._model
    for message, values, name in (
        (messages.ROUND, {"model": model, **round_}, "bad_mask"),
        (messages.ROUND, {"model": model ^ 1, **round_}, "bad_model"),
        (messages.SEED, {"model": model ^ 1, "seed": 1, "keep": b"\1\0\0\0"}, "bad_model"),
        (messages.SEED, {"model": model, "seed": 1, "keep": b"\1\0"}, "bad_length"),
        (messages.TRAIN, {"number": 1}, "bad_round"),
        (messages.EVALUATE, {}, "no_shard"),
    ):
        with pytest.raises(BoardError) as caught:
            learner.board.link.exchange(message, pack(message.request, values))
        assert caught.value.name == name


def test_a_round_is_trained_once_however_often_it_is_asked_for(bench: Bench) -> None:
    learner, task = bench.learner, bench.task
    assert not learner.begin(task, bench.count).ready
    learner.load_task(task, bench.count)
    assert learner.begin(task, bench.count).ready
    first = learner.train(1)
    assert (first.samples, first.seen) == (bench.count, 2 * bench.count)
    assert first.update_bytes == bench.values.nbytes
    update = learner.fetch_update(1)
    assert learner.train(1) == first
    assert learner.begin(replace(task, since=1), bench.count).trained
    assert learner.fetch_update(1) == update
    assert learner.state().runs == 1
    found = learner.evaluate()
    assert found.samples == bench.count and 0 <= found.correct <= bench.count


def test_another_round_is_begun_anew_and_ends_the_same(bench: Bench) -> None:
    learner, task = bench.learner, bench.task
    updates = []
    for number in (1, 2):
        again = replace(task, number=number)
        learner.begin(again, bench.count)
        learner.load_task(again, bench.count)
        learner.train(number)
        updates.append(learner.fetch_update(number))
    assert updates[0] == updates[1]
    with pytest.raises(BoardError, match="bad_round"):
        learner.fetch_update(1)


def test_what_a_round_may_not_be_is_refused_by_name(bench: Bench) -> None:
    learner, task, work = bench.learner, bench.task, bench.task.work
    for changed, name in (
        (replace(task, mask=task.mask ^ 1), "bad_mask"),
        (replace(task, number=0), "bad_round"),
        (replace(task, work=replace(work, batch_size=0)), "bad_round"),
        (replace(task, work=replace(work, epochs=3)), "bad_size"),
        (replace(task, work=replace(work, encoding="int8")), "bad_size"),
        (replace(task, work=replace(work, proximal=0.1)), "bad_size"),
        (replace(task, work=replace(work, learning_rate=np.nan)), "bad_values"),
        (replace(task, work=replace(work, momentum=np.inf)), "bad_values"),
        (replace(task, work=replace(work, weight_decay=-0.5)), "bad_values"),
        (replace(task, work=replace(work, proximal=-np.inf)), "bad_values"),
        (replace(task, values=task.values[:-4]), "bad_length"),
    ):
        assert bench.refused_task(changed) == name
    learner.begin(task, bench.count)
    assert bench.refusal(messages.TRAIN, number=2) == "bad_round"
    assert bench.refusal(messages.TRAIN, number=1) == "incomplete"
    assert bench.refusal(messages.EVALUATE) == "incomplete"


@pytest.mark.parametrize(
    ("value", "name"), [(np.nan, "bad_values"), (np.inf, "bad_values"), (-np.inf, "bad_values"), (1e30, "bad_norm")]
)
def test_values_that_no_model_has_are_refused(bench: Bench, value: float, name: str) -> None:
    values = bench.values.copy()
    values[3] = value
    assert bench.refused_task(replace(bench.task, values=values.tobytes())) == name
    assert bench.refusal(messages.TRAIN, number=1) == "bad_round"
    assert bench.refusal(messages.EVALUATE) == "incomplete"
    assert not bench.learner.state().has_values


def test_values_that_a_task_has_half_overwritten_are_none(bench: Bench) -> None:
    learner, task = bench.learner, bench.task
    learner.begin(task, bench.count)
    learner.load_task(task, bench.count)
    assert learner.evaluate().samples == bench.count
    learner.begin(replace(task, number=2), bench.count)
    content = task_bytes(task, bench.count)
    crc = zlib.crc32(content)
    bench.board.request(
        _messages["put_begin"], kind=messages.TASK, item=2, total=len(content), crc32=crc, chunk_bytes=len(content) - 40
    )
    bench.board.request(_messages["put_chunk"], offset=0, chunk=content[:-40])
    shard = bench.samples.shard(learner.state())
    learner.load_shard(shard.labels, shard.samples)
    assert bench.refusal(messages.EVALUATE) == "incomplete"


def test_a_position_beyond_the_shard_is_refused(bench: Bench) -> None:
    order = [*bench.task.order[:-1], bench.count]
    assert bench.refused_task(replace(bench.task, order=order)) == "learner_failed"


def test_training_that_diverges_is_named(bench: Bench) -> None:
    task = replace(bench.task, work=replace(WORK, learning_rate=1e30))
    bench.learner.begin(task, bench.count)
    bench.learner.load_task(task, bench.count)
    assert bench.refusal(messages.TRAIN, number=1) == "bad_values"
    assert bench.refusal(messages.TRAIN, number=1) == "bad_round"


def test_transfers_that_do_not_fit_are_refused(bench: Bench) -> None:
    board, task, state = bench.board, bench.task, bench.learner.state()
    content = task_bytes(task, bench.count)
    each = state.sample_bytes + 1
    for kind, data, item, name in (
        (9, b"x", 0, "bad_kind"),
        (messages.UPDATE, b"x", 0, "bad_kind"),
        (messages.TASK, content, 1, "bad_round"),
        (messages.MASK, b"", 0, "bad_length"),
        (messages.MASK, bytes(4 * state.value_capacity + 1), 0, "bad_length"),
        (messages.SHARD, bytes(each - 1), 0, "bad_length"),
        (messages.SHARD, bytes(each * (state.sample_capacity + 1)), 0, "bad_length"),
        (messages.SHARD, b"\xff" + bytes(each - 1), 0, "learner_failed"),
        (messages.MASK, b"\xff" * 30, 0, "bad_values"),
    ):
        with pytest.raises(BoardError) as caught:
            put(board, kind, data, item=item)
        assert caught.value.name == name, (kind, len(data))
    for kind in (messages.TASK, 9):
        with pytest.raises(BoardError, match="bad_kind"):
            get(board, kind)


def test_a_task_of_another_crc_than_announced_is_refused(bench: Bench) -> None:
    bench.learner.begin(bench.task, bench.count)
    content = bytearray(task_bytes(bench.task, bench.count))
    content[-1] ^= 1
    with pytest.raises(BoardError, match="bad_round"):
        put(bench.board, messages.TASK, bytes(content), item=1)


def test_writing_into_a_round_that_is_over_harms_nothing(bench: Bench) -> None:
    """A transfer of a task goes on after another round has begun: its bytes go nowhere, and it cannot end."""
    learner, task = bench.learner, bench.task
    content = task_bytes(task, bench.count)
    learner.begin(task, bench.count)
    put_begin, put_chunk, put_end = (_messages[name] for name in ("put_begin", "put_chunk", "put_end"))
    crc = zlib.crc32(content)
    bench.board.request(put_begin, kind=messages.TASK, item=1, total=len(content), crc32=crc, chunk_bytes=len(content))
    other = replace(task, number=2)
    learner.begin(other, bench.count)
    bench.board.request(put_chunk, offset=0, chunk=content)
    with pytest.raises(BoardError):
        bench.board.request(put_end, crc32=crc)
    learner.begin(other, bench.count)
    learner.load_task(other, bench.count)
    assert learner.train(2).seen == 2 * bench.count


def test_any_frame_in_any_state_leaves_the_board_alive(bench: Bench) -> None:
    """Requests of every kind with random payloads, between the steps of a round; sanitizers watch the board."""
    learner, task, link = bench.learner, bench.task, bench.board.link
    source = random.Random(5)
    kinds = [message for message in _messages.values() if message.name not in ("fault", "open", "hello")]

    def storm() -> None:
        for _ in range(150):
            message = source.choice(kinds)
            size = source.choice((0, source.randrange(60), fixed_bytes(message.request), source.randrange(1025)))
            payload = bytearray(source.randbytes(min(size, 1024)))
            if payload and source.random() < 0.5:
                payload[0] = source.randrange(6)
            with suppress(BoardError):
                link.exchange(message, bytes(payload))
        assert bench.board.ping(b"alive") == b"alive"

    storm()
    for step in (lambda: learner.begin(task, bench.count), lambda: learner.load_task(task, bench.count)):
        with suppress(BoardError):
            step()
        storm()
    again = Bench(learner, TinyFleet())
    learner.begin(again.task, again.count)
    learner.load_task(again.task, again.count)
    assert learner.train(1).seen == 2 * again.count


def _all_messages() -> dict[str, Message]:
    from host_bridge.messages import MESSAGES

    return {message.name: message for message in MESSAGES}


_messages = _all_messages()
