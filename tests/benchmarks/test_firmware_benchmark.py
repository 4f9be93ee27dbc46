"""The table of models and cores: every model has its figures beside it, and a row is measured, not kept."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from probe_firmware import require

from benchmarks.networks.catalogue import catalogue
from benchmarks.networks.tflm_figures import CORES, tflm
from firmware_gen.boards import board_names, load_board

ROOT = Path(__file__).resolve().parents[2]


def test_every_model_has_figures_beside_it_for_every_core() -> None:
    names = [model.name for model in catalogue(None)]
    assert len(set(names)) == len(names) and {"resnet18-98%", "vgg19-98%", "vww-82.8%"} <= set(names)
    for model in catalogue(None):
        for core, board in CORES.items():
            figures = tflm(model.peer, core)
            assert min(figures.instructions, figures.flash, figures.arena) > 0
            assert board in board_names() and load_board(board).core.cpu == core


def test_masks_from_files_become_models(tmp_path: Path) -> None:
    np.savez(tmp_path / "vgg19-somehow.npz", stage1_conv1=np.ones((3, 3, 3, 64), bool))
    models = {model.name: model for model in catalogue(tmp_path)}
    assert models["vgg19-somehow"].peer == "vgg19"
    with pytest.raises(KeyError, match="stage1_conv2"):
        models["vgg19-somehow"].make()


@pytest.mark.qemu
def test_a_row_is_measured_now() -> None:
    require("arm-none-eabi-gcc", "qemu-system-arm")
    command = [sys.executable, "benchmarks/firmware.py", "--models", "autoencoder", "--cores", "cortex-m4", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=280)
    (row,) = json.loads(done.stdout)
    assert (row["model"], row["core"], row["tflm"]["instructions"]) == ("autoencoder", "cortex-m4", 582_920)
    assert 264_000 < row["ours"]["instructions"] < 582_920  # an instruction a weight at least: none is zero
    assert row["ours"]["flash"] > 264_000 and row["all_ram"] > row["ours"]["arena"]


def test_an_unknown_model_is_refused() -> None:
    command = [sys.executable, "benchmarks/firmware.py", "--models", "nothing"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode == 2 and "unknown model 'nothing'" in done.stderr
