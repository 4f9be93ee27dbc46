"""push, train and pull on one board, as a person types them."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import click
import numpy as np
import pytest
from tiny_fleet import TinyFleet, plan_of
from typer.testing import CliRunner

from device_sim.emulators import start_emulator
from device_sim.faults import FaultRates
from device_sim.proxy import fault_proxy
from firmware_gen.boards import load_board
from firmware_gen.learner_build import build_learner
from host_bridge.cli import app
from host_bridge.client import Board
from host_bridge.errors import UserError
from trainer.fleet.setup import mask_setup
from trainer.values import pack_values

BOARD = load_board("stm32f4_qemu")


@pytest.fixture(scope="module")
def tiny() -> TinyFleet:
    return TinyFleet()


@pytest.fixture(scope="module")
def url(tiny: TinyFleet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    plan = plan_of(tiny.network, tiny.data, "native:1")
    purpose = replace(plan.purpose, samples=30)
    out = tmp_path_factory.mktemp("learner") / "native"
    elf = build_learner(plan.description, purpose, BOARD, out, target="native").elf
    with start_emulator("native", elf, BOARD) as emulated:
        yield emulated.url


def call(url: str, command: str, *arguments: object) -> dict[str, object]:
    result = CliRunner().invoke(app, [command, "--port", url, "--json", *map(str, arguments)], standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return json.loads(result.stdout)  # type: ignore[no-any-return]


Arguments = tuple[object, ...]


def write_inputs(tiny: TinyFleet, folder: Path) -> tuple[np.ndarray, Arguments, Arguments]:
    """Files that commands read: the kept values, and the arguments of ``push`` and ``train`` for them."""
    state = tiny.state()
    masks = state.masks[0]
    values = pack_values(state.weights, masks)
    (folder / "mask.bin").write_bytes(mask_setup(tiny.network.specs, masks, None).gaps)
    np.save(folder / "x.npy", tiny.data.train_x[:12])
    np.save(folder / "y.npy", tiny.data.train_y[:12])
    np.save(folder / "values.npy", values)
    push = ("--mask", folder / "mask.bin", "--samples", folder / "x.npy", "--labels", folder / "y.npy")
    return values, push, ("--values", folder / "values.npy")


def test_a_round_by_hand(tiny: TinyFleet, url: str, tmp_path: Path) -> None:
    values, push, train = write_inputs(tiny, tmp_path)
    with pytest.raises(UserError, match="no update"):
        call(url, "pull", "--out", tmp_path / "update.npy")
    pushed = call(url, "push", *push)
    assert (pushed["values"], pushed["samples"]) == (len(values), 12)
    trained = call(url, "train", *train, "--epochs", 2, "--batch-size", 4)
    assert (trained["samples"], trained["seen"]) == (12, 24)
    assert call(url, "train", *train, "--epochs", 2, "--batch-size", 4) == trained
    assert call(url, "pull", "--out", tmp_path / "update.npy")["bytes"] == values.nbytes
    with pytest.raises(UserError, match="--epochs 9 of 12 samples are more than the 90 positions"):
        call(url, "train", *train, "--epochs", 9)
    update = np.load(tmp_path / "update.npy")
    assert update.dtype == np.float32 and update.shape == values.shape and (update != values).any()


def test_refusals_say_what_helps(tiny: TinyFleet, url: str, tmp_path: Path) -> None:
    values, push, _ = write_inputs(tiny, tmp_path)
    call(url, "push", *push)
    for value, words in (
        (np.nan, "bad_values.*correct the numbers"),
        (1e30, r"largest norm allowed: 100000\); correct"),
    ):
        values[0] = value
        np.save(tmp_path / "bad.npy", values)
        with pytest.raises(UserError, match=words):
            call(url, "train", "--round", 7, "--values", tmp_path / "bad.npy")
    np.save(tmp_path / "int8.npy", np.zeros(16, np.int8))
    with pytest.raises(UserError, match="learns and runs no inference"):
        call(url, "infer", "--inputs", tmp_path / "int8.npy")
    with pytest.raises(UserError, match=r"unknown_type.*built for something else"):
        call(url, "selftest")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_commands_survive_a_cut_at_any_byte(tiny: TinyFleet, url: str, tmp_path: Path) -> None:
    """The line breaks after every so many bytes: a command ends well or in one line, and the board goes on."""
    _, push, train = write_inputs(tiny, tmp_path)
    commands = {
        "push": push,
        "train": train,
        "pull": ("--out", tmp_path / "update.npy"),
    }
    hurry = ("--timeout", 0.2, "--wait", 0.5)
    with fault_proxy(url, FaultRates()) as proxy:
        for command, options in commands.items():
            cut_after, cuts, whole = 0, 0, 0
            while whole < 3:
                proxy.cut_next_after = cut_after
                try:
                    call(proxy.url, command, *options, *hurry)
                    whole += 1
                except UserError as error:
                    assert "\n" not in str(error)
                    cuts += 1
                cut_after += 13
            assert cuts > 4, command
            call(url, command, *options)


def test_a_second_host_is_told_and_the_first_goes_on(url: str) -> None:
    with Board.connect(url) as first:
        with pytest.raises(UserError, match="no other program is connected"):
            call(url, "info", "--wait", 0.4)
        assert first.ping(b"mine") == b"mine"


def test_mistakes_are_named(tiny: TinyFleet, url: str, tmp_path: Path) -> None:
    np.save(tmp_path / "short.npy", np.zeros(3, np.float32))
    np.save(tmp_path / "y.npy", tiny.data.train_y[:2])
    np.save(tmp_path / "wrong.npy", np.zeros((2, 4, 4, 1), np.int64))
    with pytest.raises(UserError, match="holds 3 values"):
        call(url, "train", "--values", tmp_path / "short.npy")
    with pytest.raises(UserError, match="--samples with --labels"):
        call(url, "push", "--samples", tmp_path / "wrong.npy")
    with pytest.raises(UserError, match="stores samples as float32, the file holds int64"):
        call(url, "push", "--samples", tmp_path / "wrong.npy", "--labels", tmp_path / "y.npy")
    with pytest.raises(UserError, match=r"cannot read .*nothing.npy"):
        call(url, "train", "--values", tmp_path / "nothing.npy")
    np.save(tmp_path / "x.npy", tiny.data.train_x[:2])
    for labels, words in ((np.array([0, 300]), "int64 beyond 0 to 255"), (np.array([0.5, 1]), "float64 beyond")):
        np.save(tmp_path / "y.npy", labels)
        with pytest.raises(UserError, match=words):
            call(url, "push", "--samples", tmp_path / "x.npy", "--labels", tmp_path / "y.npy")
    np.save(tmp_path / "words.npy", np.array(["a", "b"]))
    with pytest.raises(UserError, match="holds <U1, not numbers"):
        call(url, "train", "--values", tmp_path / "words.npy")
    for option, value in (("--round", 2**32), ("--epochs", 2**16), ("--batch-size", 2**16), ("--learning-rate", 1e39)):
        with pytest.raises(click.UsageError, match="not in the range"):
            call(url, "train", "--values", tmp_path / "short.npy", option, value)
    for option, value in (("--seed", 2**64), ("--keep", 2**32)):
        with pytest.raises(click.UsageError, match="not in the range"):
            call(url, "push", "--seed", 1, "--keep", 1, option, value)
    with pytest.raises(UserError, match="either --run"):
        result = CliRunner().invoke(app, ["monitor"])
        assert result.exception is not None
        raise result.exception
