"""The models that the firmware benchmark measures, in its order."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from known_models import autoencoder, ds_cnn, mobilenet_v1_quarter

import benchmarks.networks  # noqa: F401 - finds the tests' model builder
from benchmarks.networks.masks import given, uniform
from benchmarks.networks.resnet8 import resnet8
from benchmarks.networks.resnet18 import resnet18
from benchmarks.networks.vgg19 import vgg19
from benchmarks.networks.visual_wake_words import visual_wake_words

_ROOT = Path(__file__).resolve().parents[2]
_MLPERF_TINY = Path(os.environ.get("FP_MLPERF_TINY", _ROOT.parent / "shared" / "mlperf_tiny"))
TRAINED_RESNET8 = _MLPERF_TINY / "ic01_resnet8_int8.tflite"
SPARSITY = 0.98


@dataclass(frozen=True)
class Model:
    """One row of the table.

    Attributes:
        name: as the command line and the table have it.
        peer: whose figures of TensorFlow Lite Micro stand beside it; its cost depends on sizes only.
        make: the file.
    """

    name: str
    peer: str
    make: Callable[[], bytes]


def catalogue(masks: Path | None) -> list[Model]:
    """All models that can be made here.

    Args:
        masks: folder with ``<model>-<pruner>.npz`` of :mod:`benchmarks.networks.pruned_masks`, or None.
    """
    models = [Model("resnet8", "resnet8", TRAINED_RESNET8.read_bytes)] if TRAINED_RESNET8.is_file() else []
    models += [
        Model("ds_cnn", "ds_cnn", lambda: ds_cnn(np.random.default_rng(6))),
        Model("mobilenet_v1_0.25", "mobilenet_v1_0.25", lambda: mobilenet_v1_quarter(np.random.default_rng(17))),
        Model("autoencoder", "autoencoder", lambda: autoencoder(np.random.default_rng(11))),
        Model("vww-82.8%", "mobilenet_v1_0.25", visual_wake_words),
        Model("resnet8-98%", "resnet8_98", lambda: resnet8(uniform(SPARSITY))),
        Model("resnet18-98%", "resnet18", lambda: resnet18(uniform(SPARSITY))),
        Model("vgg19-98%", "vgg19", lambda: vgg19(uniform(SPARSITY))),
    ]
    for name, network in (("resnet18", resnet18), ("vgg19", vgg19)):
        for file in sorted(masks.glob(f"{name}-*.npz")) if masks is not None else ():
            models.append(Model(file.stem, name, lambda file=file, network=network: _masked(network, file)))
    return models


def _masked(network: Callable[..., bytes], file: Path) -> bytes:
    """Random weights under a pruner's masks; dead channels have no bias, as the trainer leaves them none."""
    with np.load(file) as masks:
        return network(given(dict(masks)), dead_bias=False)
