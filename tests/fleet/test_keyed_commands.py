"""Every command that talks to a board takes its key; without it, or with another, one line and exit code 2."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from tiny_fleet import TinyFleet, plan_of

from device_sim.emulators import start_emulator
from firmware_gen.boards import load_board
from firmware_gen.learner_build import build_learner
from host_bridge.keys import load_key, new_key
from trainer.fleet.setup import mask_setup
from trainer.values import pack_values

ROOT = Path(__file__).parents[2]
BOARD = load_board("stm32f4_qemu")


def host_bridge(*arguments: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "host_bridge", *map(str, arguments)]
    wide = {**os.environ, "COLUMNS": "160"}
    return subprocess.run(command, cwd=ROOT, env=wide, capture_output=True, text=True, timeout=60, check=False)


@dataclass(frozen=True)
class Bench:
    """A learner that runs natively, its key, another key, and what commands need."""

    url: str
    key: Path
    other: Path
    commands: dict[str, tuple[object, ...]]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    tiny, folder = TinyFleet(), tmp_path_factory.mktemp("keyed")
    key, other = folder / "board1.key", folder / "other.key"
    new_key(key)
    new_key(other)
    state = tiny.state()
    masks = state.masks[0]
    (folder / "mask.bin").write_bytes(mask_setup(tiny.network.specs, masks, None).gaps)
    np.save(folder / "x.npy", tiny.data.train_x[:12])
    np.save(folder / "y.npy", tiny.data.train_y[:12])
    np.save(folder / "values.npy", pack_values(state.weights, masks))
    plan = plan_of(tiny.network, tiny.data, "native:1")
    purpose = replace(plan.purpose, samples=30)
    elf = build_learner(plan.description, purpose, BOARD, folder / "native", target="native", key=load_key(key)).elf
    samples = ("--samples", folder / "x.npy", "--labels", folder / "y.npy")
    commands: dict[str, tuple[object, ...]] = {
        "info": (),
        "stats": (),
        "fault": (),
        "push": ("--mask", folder / "mask.bin", *samples),
        "train": ("--values", folder / "values.npy"),
        "pull": ("--out", folder / "update.npy"),
    }
    with start_emulator("native", elf, BOARD) as running:
        yield Bench(running.url, key, other, commands)


def test_with_the_key_a_round_is_done_by_hand(bench: Bench) -> None:
    answers = {}
    for command, options in bench.commands.items():
        done = host_bridge(command, "--port", bench.url, "--key", bench.key, "--json", *options)
        assert (done.returncode, done.stderr) == (0, ""), (command, done)
        answers[command] = json.loads(done.stdout)
    assert answers["info"]["max_payload"] == 2304
    assert answers["push"]["samples"] == answers["train"]["seen"] == 12
    assert answers["pull"]["bytes"] == 4 * answers["push"]["values"]


def test_without_the_key_nothing_is_obeyed(bench: Bench) -> None:
    before = refusals(bench)
    for command, options in bench.commands.items():
        for given, words in (((), "obeys only who has its key"), (("--key", bench.other), "does not have this key")):
            done = host_bridge(command, "--port", bench.url, *given, *options)
            assert (done.returncode, done.stdout) == (2, ""), (command, given, done)
            (line,) = done.stderr.splitlines()
            assert line.startswith("error: ") and words in line and bench.url in line
    assert refusals(bench) - before >= len(bench.commands), "what has no tag is counted"


def refusals(bench: Bench) -> int:
    done = host_bridge("stats", "--port", bench.url, "--key", bench.key, "--json")
    return int(json.loads(done.stdout)["refusals"])


def test_the_monitor_takes_a_key_with_each_line(bench: Bench) -> None:
    done = host_bridge("monitor", "--port", f"{bench.url}@{bench.key}", "--times", 1)
    assert done.returncode == 0 and "answers" in done.stdout
    for line, words in ((bench.url, "obeys only who has its key"), (f"{bench.url}@{bench.other}", "this key")):
        done = host_bridge("monitor", "--port", line, "--times", 1)
        assert (done.returncode, len(done.stderr.splitlines())) == (2, 1) and words in done.stderr
