"""What an int8 model says about real samples: the same input bytes go to the host and to boards."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from firmware_gen.graph import INT8_MAX, INT8_MIN, Tensor
from firmware_gen.oracle import run_oracle
from firmware_gen.parse import parse_tflite
from trainer.datasets import Dataset
from trainer.evaluate import accuracy_of
from trainer.tensors import Float32

Int8 = npt.NDArray[np.int8]


def quantise_inputs(model: Path, samples: Float32) -> Int8:
    """Samples as a model takes them.

    ``round(x / scale) + zero_point``, computed in float64, halves to the nearest even number (IEEE 754's
    default), saturated to int8. This is the project's only quantisation of inputs.

    Args:
        model: an int8 ``.tflite`` file.
        samples: float32 (samples, height, width, channels).

    Returns:
        int8 of the same shape.

    Raises:
        UserError: the model cannot be read or is not supported.
    """
    graph = parse_tflite(model)
    return quantise(samples, graph.tensors[graph.input])


def quantise(samples: Float32, tensor: Tensor) -> Int8:
    """The same for a tensor's one scale and its zero point."""
    steps = np.rint(samples.astype(np.float64) / tensor.scales[0]) + tensor.zero_point
    quantised: Int8 = np.clip(steps, INT8_MIN, INT8_MAX).astype(np.int8)
    return quantised


def int8_outputs(model: Path, dataset: Dataset) -> Int8:
    """Reference outputs for the whole test set, int8 (test samples, classes).

    Raises:
        UserError: the model cannot be read or is not supported.
    """
    return run_oracle(model, quantise_inputs(model, dataset.test_x)).outputs


def int8_accuracy(model: Path, dataset: Dataset) -> float:
    """Share of test samples that the int8 model gets right on the host, 0 to 1.

    Raises:
        UserError: the model cannot be read or is not supported.
    """
    return accuracy_of(int8_outputs(model, dataset), dataset.test_y)
