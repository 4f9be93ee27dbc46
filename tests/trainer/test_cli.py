"""``python trainer/federate.py`` as a user calls it."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from trainer import cli
from trainer.aggregation import AGGREGATORS
from trainer.algorithms import ALGORITHMS
from trainer.config import RunConfig
from trainer.datasets import DATASETS
from trainer.engines import ENGINES
from trainer.models import MODELS
from trainer.partitions import PARTITIONS
from trainer.pruners import PRUNERS
from trainer.server_optimisers import SERVER_OPTIMISERS
from trainer.wire import CODECS

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "trainer" / "federate.py"


@pytest.fixture(autouse=True)
def keep_signals() -> Iterator[None]:
    handler = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, handler)


def call(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["federate.py", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


def refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """The one line that a call is refused with."""
    assert call(monkeypatch, *arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    return err


BAD = {
    "dataset": (["--dataset", "imagenet"], "unknown dataset 'imagenet'; choose from: digits"),
    "model": (["--model", "alexnet"], "unknown model 'alexnet'; choose from: digits_cnn"),
    "own model": (["--model", "no.such:builder"], "no.such"),
    "method": (["--method", "fedsgd"], "unknown method 'fedsgd'; choose from: fedpai-u, "),
    "pruner": (["--pruner", "taylor"], "unknown pruner 'taylor'; choose from: random, erk, magnitude, "),
    "partition": (["--partition", "even"], "unknown partition 'even'; choose from: dirichlet, iid"),
    "aggregator": (["--aggregator", "mode"], "unknown aggregator 'mode'; choose from: mean"),
    "server optimiser": (
        ["--server-optimiser", "lion"],
        "unknown server optimiser 'lion'; choose from: none",
    ),
    "encoding": (["--encoding", "float8"], "unknown encoding 'float8'; choose from: float32"),
    "engine": (["--engine", "ray"], "unknown engine 'ray'; choose from: local"),
    "board": (["--board", "nucleo"], "unknown board 'nucleo'; choose from:"),
    "emulator": (["--emulator", "simics"], "unknown emulator 'simics'; choose from:"),
    "renode": (["--emulator", "renode", "--board", "mps2_an386"], "has no [emulators.renode] section"),
    "sparsity 0": (["--sparsity", "0"], "sparsity = 0.0 is not allowed"),
    "sparsity 1": (["--sparsity", "1"], "sparsity = 1.0 is not allowed"),
    "sparsity nan": (["--sparsity", "nan"], "sparsity = nan is not allowed"),
    "clients": (["--clients", "0"], "clients = 0 is not allowed"),
    "no number": (["--clients", "many"], "--clients"),
    "rounds": (["--rounds", "0"], "rounds = 0 is not allowed"),
    "trim": (["--trim", "0.5"], "trim = 0.5 is not allowed; use a number at least 0 and less than 0.5"),
    "clip": (["--clip-norm", "0"], "clip_norm = 0.0 is not allowed; use a number more than 0"),
    "drop rate": (["--drop-rate", "1"], "drop_rate = 1.0 is not allowed"),
    "quorum": (["--quorum", "1.5"], "quorum = 1.5 is not allowed"),
    "quantisation": (["--quantisation", "int4"], "quantisation = 'int4' is not allowed; use one of: ptq, qat"),
    "mask source": (["--masks", "mine"], "masks = 'mine' is not allowed; use one of: federated, personalized, shared"),
    "masks": (
        ["--method", "fedavg", "--masks", "personalized"],
        "masks 'personalized' do not go with method 'fedavg'; use --method fedpai-u",
    ),
    "pruner of fedavg": (
        ["--method", "fedavg", "--pruner", "synflow"],
        "pruner 'synflow' does not go with method 'fedavg'; leave --pruner away",
    ),
    "too many": (["--clients", "2000", "--board", "none"], "clients = 2000 is more than the 1437 training samples"),
    "config": (["--config", "none.toml"], "cannot read --config none.toml"),
    "resume": (["--resume", "--out", "nowhere"], "--resume"),
    "no value": (["--rounds"], "--rounds"),
    "argument": (["digits"], "digits"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line_and_leaves_nothing(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments, message = BAD[case]
    assert message in refused(monkeypatch, capsys, *arguments)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("out", ["file", "file/below"])
def test_an_unwritable_folder(
    out: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("mine")
    assert "--out" in refused(monkeypatch, capsys, "--out", out, "--board", "none")
    assert (tmp_path / "file").read_text() == "mine"
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("missing", ["qemu-system-arm", "arm-none-eabi-gcc"])
def test_a_missing_program_is_named_before_training(
    missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bin").mkdir()
    for program in ("qemu-system-arm", "arm-none-eabi-gcc", "gcc"):
        if program != missing and (found := shutil.which(program)):
            (tmp_path / "bin" / program).symlink_to(found)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.chdir(tmp_path)
    assert missing in refused(monkeypatch, capsys)
    assert [path.name for path in tmp_path.iterdir()] == ["bin"]


def test_the_command_line_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "run.toml").write_text("clients = 3000\nboard = 'none'\n")
    monkeypatch.chdir(tmp_path)
    assert "clients = 2000" in refused(monkeypatch, capsys, "--config", "run.toml", "--clients", 2000)
    assert "clients = 3000" in refused(monkeypatch, capsys, "--config", "run.toml")


def test_help_names_every_option_and_choice(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert call(monkeypatch, "--help") == 0
    text = capsys.readouterr().out
    for name in (*RunConfig.model_fields, "config", "json", "resume"):
        assert f"--{name.replace('_', '-')} " in text
    for registry in (PARTITIONS, AGGREGATORS, SERVER_OPTIMISERS, CODECS, ENGINES):
        assert all(name in text for name in registry.names)
    assert re.search(r"--sparsity .*default 0\.98", text)
    assert "--no-compaction" in text


@pytest.mark.parametrize(
    ("option", "names"),
    [("dataset", DATASETS.names), ("model", MODELS.names), ("method", ALGORITHMS.names), ("pruner", PRUNERS.names)],
)
def test_a_wrong_name_lists_every_choice(
    option: str, names: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = refused(monkeypatch, capsys, f"--{option}", "nonesuch").split("choose from: ")[1]
    assert set(names) <= set(re.findall(r"[\w-]+", listed))


@pytest.mark.parametrize("command", [[str(SCRIPT)], ["-m", "trainer.federate"]])
def test_both_ways_to_start(command: list[str], tmp_path: Path) -> None:
    """The script from a strange folder, the module from the repository."""
    folder = ROOT if command[0] == "-m" else tmp_path
    done = subprocess.run(
        [sys.executable, *command, "--rounds", "0"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "rounds = 0" in done.stderr


def test_ctrl_c_ends_the_run_and_its_emulator(tmp_path: Path) -> None:
    for program in ("qemu-system-arm", "arm-none-eabi-gcc"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    small = ["--clients", "2", "--rounds", "1", "--local-epochs", "1", "--pruner", "random", "--out", "run"]
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with subprocess.Popen(
        [sys.executable, str(SCRIPT), *small],
        cwd=tmp_path,
        env=os.environ | {"TMPDIR": str(scratch)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        try:
            assert running.stderr is not None
            while "sample on the board" not in (line := running.stderr.readline()):
                assert line, "the run ended before the board ran"
            children = psutil.Process(running.pid).children(recursive=True)
            assert children
            running.send_signal(signal.SIGINT)
            out, err = running.communicate(timeout=30)
        finally:
            running.kill()
    assert running.returncode == 130
    assert out == ""
    assert err.splitlines()[-1] == "interrupted"
    assert psutil.wait_procs(children, timeout=10)[1] == []
    # What is left is what --resume needs, and the logs of the rounds that are done.
    left = sorted(path.name for path in (tmp_path / "run").iterdir())
    assert left == ["checkpoint.npz", "rounds.jsonl", "tensorboard"]
    assert not list(scratch.iterdir())
