"""The notebook: its cells are short, name things that exist, and all that need neither Colab nor Renode run."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from probe_firmware import require

from device_sim.asciicast import record
from device_sim.emulators.renode import install
from host_bridge.errors import UserError
from trainer import colab

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOK = ROOT / "notebooks" / "renode_colab.ipynb"
# renode-colab-tools 0.1: what its modules offer, of what pictures need.
COLAB_TOOLS = {"metrics.display_metrics", "asciinema.display_asciicast"}


def code_cells(*without: str) -> list[str]:
    cells = json.loads(NOTEBOOK.read_text())["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    return ["".join(cell["source"]) for cell in code if not set(cell["metadata"].get("tags", [])) & set(without)]


def python_of(cell: str) -> str:
    return "\n".join(line for line in cell.splitlines() if not line.startswith(("%", "!")))


def test_it_is_a_notebook_without_results() -> None:
    document = json.loads(NOTEBOOK.read_text())
    assert (document["nbformat"], document["nbformat_minor"]) == (4, 5)
    assert len({cell["id"] for cell in document["cells"]}) == len(document["cells"])
    assert all(not cell.get("outputs") for cell in document["cells"])


def test_cells_are_short_calls_of_what_exists() -> None:
    called: set[str] = set()
    for cell in code_cells():
        assert len(cell.splitlines()) <= 12
        for node in ast.walk(ast.parse(python_of(cell))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                called.add(f"{node.value.id}.{node.attr}")
    assert {f"colab.{name}" for name in ("train", "flash_and_meter", "layers_picture", "metrics_parser")} <= called
    for name in sorted(called):
        module, attribute = name.split(".")
        if module == "colab":
            assert hasattr(colab, attribute), name
        if module in ("metrics", "asciinema"):
            assert name in COLAB_TOOLS


def test_what_needs_colab_says_so() -> None:
    rest = "\n".join(code_cells("colab"))
    assert "renode_colab_tools" not in rest and "%" not in rest.replace(":.2%", "") and "\n!" not in rest


@pytest.mark.slow
@pytest.mark.qemu
@pytest.mark.timeout(900)
def test_every_cell_that_needs_neither_colab_nor_renode_runs(tmp_path: Path) -> None:
    require("qemu-system-arm", "arm-none-eabi-gcc")
    program = tmp_path / "cells.py"
    program.write_text("\n\n".join(code_cells("colab", "renode")))
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "ROUNDS": "1"}
    environment.pop("RENODE", None)
    command = [sys.executable, str(program)]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "4 of 4 outputs equal, byte for byte" in done.stdout
    assert (tmp_path / "verify.cast").is_file()


def test_a_recording_is_an_asciicast(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cast = tmp_path / "x.cast"
    code = record([sys.executable, "-c", "print('one'); print('zwei ä'); raise SystemExit(3)"], cast, "a title")
    assert code == 3
    assert capsys.readouterr().out == "one\nzwei ä\n"
    header, *events = [json.loads(line) for line in cast.read_text().splitlines()]
    assert (header["version"], header["title"]) == (2, "a title")
    assert [event[2] for event in events] == ["$ a title\r\n", "one\r\n", "zwei ä\r\n"]
    times = [event[0] for event in events]
    assert times == sorted(times) and all(event[1] == "o" for event in events)


def test_layers_are_drawn_with_their_counts() -> None:
    layers = [SimpleNamespace(op="CONV_2D", instructions=1234567), SimpleNamespace(op="SOFTMAX", instructions=890)]
    report = SimpleNamespace(profile=SimpleNamespace(layers=layers), board="b", emulator="qemu", emulator_version="7.2")
    (axes,) = colab.layers_picture(report).axes  # type: ignore[arg-type]
    assert [text.get_text() for text in axes.texts] == ["1,234,567", "890"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["0 CONV_2D", "1 SOFTMAX"]
    layers[0].instructions = None  # type: ignore[assignment]
    with pytest.raises(UserError, match="qemu counted no instructions layer by layer"):
        colab.layers_picture(report)  # type: ignore[arg-type]


def test_renodes_parser_is_found_beside_renode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "renode"
    program.write_text("#!/bin/sh\necho Renode v1.16.1.1\n")
    program.chmod(0o755)
    monkeypatch.setenv(install.VARIABLE, str(program))
    with pytest.raises(UserError, match="brings no tools/metrics_analyzer"):
        colab.metrics_parser(tmp_path / "metrics")
    parser = tmp_path / "tools" / "metrics_analyzer" / "metrics_parser" / "__init__.py"
    parser.parent.mkdir(parents=True)
    parser.write_text("class MetricsParser:\n    def __init__(self, path):\n        self.path = path\n")
    assert colab.metrics_parser(tmp_path / "metrics").path == str(tmp_path / "metrics")


def test_a_renode_that_cannot_be_fetched_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(colab, "_ARCHIVE", "file:///nowhere/{version}.tar.gz")
    with pytest.raises(UserError, match=r"cannot unpack file:///nowhere/1\.16\.1\.tar\.gz"):
        colab.install_renode(tmp_path / "renode")


def test_a_fetched_renode_is_unpacked_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = tmp_path / "renode_1.16.1-dotnet_portable"
    packed.mkdir()
    (packed / "renode").write_text("#!/bin/sh\n")
    archive = tmp_path / "1.16.1.tar.gz"
    subprocess.run(["tar", "-czf", archive, "-C", tmp_path, packed.name], check=True)
    monkeypatch.setattr(colab, "_ARCHIVE", f"file://{tmp_path}/{{version}}.tar.gz")
    monkeypatch.setenv(install.VARIABLE, "")
    program = colab.install_renode(tmp_path / "here")
    assert program == tmp_path / "here" / "renode" and os.environ[install.VARIABLE] == str(program)
