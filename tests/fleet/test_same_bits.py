"""A process of this computer stands for a board: the same requests, answered with the same bits."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from probe_firmware import require
from tiny_federation import plan
from tiny_fleet import SEED, TinyFleet, plan_of

from device_sim.emulators import start_emulator
from firmware_gen.board_render import Target
from firmware_gen.boards import load_board
from firmware_gen.learner_build import build_learner
from host_bridge.client import Board
from host_bridge.learner import Learner, RoundTask, RoundWork, float_bits
from trainer.algorithms.rounds import run_round
from trainer.engines.base import LocalWork
from trainer.engines.batches import draw_order
from trainer.fleet.setup import MaskRecipe, Samples
from trainer.masks import fingerprint
from trainer.tensors import Weights
from trainer.values import pack_values
from trainer.wire import CODECS

BOARD = load_board("stm32f4_qemu")
WORK = LocalWork(epochs=2, batch_size=4, learning_rate=0.05, momentum=0.9, weight_decay=0.01, proximal=0.1, shift=1)
ROUNDS = (1, 2)

pytestmark = pytest.mark.qemu


@dataclass(frozen=True)
class Answers:
    """What a board has said in one round, clock readings left out; floats as their bits."""

    loss: int
    update: bytes
    correct: int
    evaluated_loss: int


@pytest.fixture(scope="module")
def tiny() -> TinyFleet:
    return TinyFleet()


@pytest.fixture(scope="module")
def boards(tiny: TinyFleet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Learner, Learner]]:
    """The same learner as a host process and on a Cortex-M4 in QEMU, both with the same samples."""
    require("qemu-system-arm", "arm-none-eabi-gcc")
    made = plan_of(tiny.network, tiny.data, "native:1", encoding="float16")
    shard = tiny.partition[0]
    purpose = replace(made.purpose, samples=len(shard), epochs=WORK.epochs, proximal=True)
    with ExitStack() as stack:

        def start(emulator: str, target: Target) -> Learner:
            folder: Path = tmp_path_factory.mktemp("learner") / emulator
            elf = build_learner(made.description, purpose, BOARD, folder, target=target).elf
            url = stack.enter_context(start_emulator(emulator, elf, BOARD)).url
            return Learner(stack.enter_context(Board.connect(url)))

        yield start("native", "native"), start("qemu", "board")


def seed(learner: Learner, tiny: TinyFleet, recipe: MaskRecipe) -> tuple[int, int]:
    found = learner.seed(recipe.seed, recipe.keep)
    indices = tiny.partition[0]
    shard = Samples(tiny.data.train_x[indices], tiny.data.train_y[indices]).shard(learner.state())
    learner.load_shard(shard.labels, shard.samples)
    return found.mask, found.values


def train(learner: Learner, number: int, values: bytes, encoding: str) -> Answers:
    state = learner.state()
    order = draw_order(SEED, number, 0, state.samples, WORK)
    assert order.shifts is not None
    proximal = 0.0 if encoding == "float32" else WORK.proximal  # a learner of float16 keeps no copy of float32
    work = RoundWork(
        WORK.epochs, WORK.batch_size, WORK.learning_rate, WORK.momentum, WORK.weight_decay, proximal, encoding
    )
    shifts = [(int(down), int(right)) for down, right in order.shifts]
    task = RoundTask(7, number, number - 1, state.mask, work, order.positions.tolist(), shifts, values)
    learner.begin(task, state.samples)
    learner.load_task(task, state.samples)
    loss = learner.train(number).loss
    update = learner.fetch_update(number)
    found = learner.evaluate()
    return Answers(float_bits(loss), update, found.correct, float_bits(found.loss))


def test_a_board_and_a_process_answer_the_same(tiny: TinyFleet, boards: tuple[Learner, Learner]) -> None:
    """Mask and values from a seed, then two rounds in each encoding, residuals and FedProx included."""
    recipe = plan_of(tiny.network, tiny.data, "native:1").recipe
    assert recipe is not None
    native, qemu = (seed(board, tiny, recipe) for board in boards)
    assert native == qemu and native[0] == fingerprint(tiny.state().masks[0])
    start = pack_values(tiny.state().weights, tiny.state().masks[0])
    for encoding in CODECS.names:
        values = CODECS.get(encoding).encode_values(start)
        for number in ROUNDS:
            first, second = (train(board, number, values, encoding) for board in boards)
            assert first == second, (encoding, number)
            assert first.update != values
            values = first.update if encoding == "float32" else values


def weights_after(tiny: TinyFleet, devices: str, encoding: str) -> Weights:
    state = tiny.state()
    with tiny.boards(devices, encoding=encoding) as engine:
        for _ in ROUNDS:
            state, metrics = run_round(state, engine, plan(work=replace(WORK, encoding=encoding, proximal=0.0)))
            assert all(exchange.samples for exchange in metrics.exchanges)
    return state.weights


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["float32", "int8"])
def test_a_fleet_of_boards_and_one_of_processes_end_in_the_same_weights(tiny: TinyFleet, encoding: str) -> None:
    require("qemu-system-arm", "arm-none-eabi-gcc")
    processes, boards = (weights_after(tiny, devices, encoding) for devices in ("native:2", "qemu:2"))
    for one, other in zip(processes, boards, strict=True):
        assert one.tobytes() == other.tobytes()
    assert any((one != start).any() for one, start in zip(processes, tiny.state().weights, strict=True))
    assert np.isfinite(np.concatenate([one.ravel() for one in processes])).all()
