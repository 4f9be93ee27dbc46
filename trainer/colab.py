"""What ``notebooks/renode_colab.ipynb`` calls: each cell is one of these steps.

Pictures of Renode's metrics and of terminals are `renode-colab-tools
<https://github.com/antmicro/renode-colab-tools>`_'s; everything else runs anywhere.
"""

import importlib.util
import os
import sys
import tarfile
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from host_bridge.errors import UserError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from device_sim.report import VerifyReport
    from trainer.summary import RunSummary

RENODE_VERSION = "1.16.1"
_ARCHIVE = "https://github.com/renode/renode/releases/download/v{version}/renode-{version}.linux-portable-dotnet.tar.gz"
_METRICS_PARSER = "tools/metrics_analyzer/metrics_parser/__init__.py"


def install_renode(folder: Path = Path("renode"), version: str = RENODE_VERSION) -> Path:
    """Download and unpack a portable Renode, and name it in ``RENODE``; returns the program's path.

    Raises:
        UserError: it cannot be downloaded, or the archive holds no Renode.
    """
    program = folder.resolve() / "renode"
    if not program.is_file():
        archive = _ARCHIVE.format(version=version)
        try:
            with urllib.request.urlopen(archive) as stream, tarfile.open(fileobj=stream, mode="r|gz") as pack:
                for member in pack:
                    member.name = member.name.partition("/")[2] or "."
                    pack.extract(member, folder, filter="tar")
        except (OSError, tarfile.TarError) as error:
            raise UserError(f"cannot unpack {archive}: {error}; is there a network?") from error
    if not program.is_file():
        raise UserError(f"{folder} holds no renode; remove the folder and try again")
    os.environ["RENODE"] = str(program)
    return program


def train(folder: Path, **options: Any) -> "RunSummary":  # noqa: ANN401 - the options of a run
    """A federated run of FedPaI, as ``trainer/federate.py`` does it; the model ends up in ``folder/model.tflite``."""
    from trainer.config import make_config
    from trainer.run import run

    return run(make_config({"out": str(folder), "board": "none", "tensorboard": False, **options}))


def flash_and_meter(
    model: Path, board: str, emulator: str, *, samples: int = 4, metrics: Path | None = None
) -> "VerifyReport":
    """Build the model's firmware, put it on an emulated board, compare every byte with the oracle, and count.

    Args:
        model: an int8 ``.tflite`` file.
        board: a board's name.
        emulator: ``renode``, ``qemu``, ``native`` or ``auto``.
        samples: random inputs.
        metrics: with Renode: keep its execution metrics here.
    """
    from device_sim.samples import input_shape, random_samples
    from device_sim.verify import verify_model

    inputs = random_samples(input_shape(model), samples, seed=0)
    return verify_model(model, board, inputs, emulator=emulator, metrics=metrics, profile=metrics is None)


def layers_picture(report: "VerifyReport") -> "Figure":
    """Instructions of every layer, from a report with a profile.

    Raises:
        UserError: the report has none, or the emulator does not count instructions.
    """
    from matplotlib.figure import Figure

    layers = report.profile.layers if report.profile else ()
    if not layers or any(layer.instructions is None for layer in layers):
        raise UserError(f"{report.emulator} counted no instructions layer by layer; use qemu or renode")
    figure = Figure(figsize=(8, 0.4 * len(layers) + 1.2), layout="constrained")
    axes = figure.add_subplot()
    names = [f"{number} {layer.op}" for number, layer in enumerate(layers)]
    bars = axes.barh(names, [layer.instructions or 0 for layer in layers])
    axes.bar_label(bars, fmt="{:,.0f}", padding=3)
    axes.invert_yaxis()
    axes.margins(x=0.15)
    axes.set_xlabel(f"instructions per inference, {report.board} on {report.emulator} {report.emulator_version}")
    return figure


def metrics_parser(metrics: Path) -> Any:  # noqa: ANN401 - Renode's own class
    """Renode's own parser of its execution metrics, for ``renode_colab_tools.metrics``.

    Raises:
        UserError: Renode is not installed, or not in the portable form that brings its tools.
    """
    from device_sim.emulators.renode.install import find_renode

    source = Path(find_renode().program).resolve().parent / _METRICS_PARSER
    if not source.is_file():
        raise UserError(f"this Renode brings no {_METRICS_PARSER}; install the portable one")
    spec = importlib.util.spec_from_file_location("metrics_parser", source)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.MetricsParser(str(metrics))


def record_verification(model: Path, board: str, emulator: str, cast: Path) -> int:
    """A terminal recording of ``device_sim verify``; returns its exit code."""
    from device_sim.asciicast import record

    words: Sequence[str] = ["verify", str(model), "--board", board, "--emulator", emulator, "--samples", "2"]
    title = " ".join(["python -m device_sim", *words])
    return record([sys.executable, "-m", "device_sim", *words], cast, title)
