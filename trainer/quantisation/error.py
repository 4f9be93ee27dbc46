"""How much of each layer's signal int8 turns into noise.

The signal-to-quantisation-noise ratio of D. D. Lin, S. S. Talathi, V. S. Annapureddy: "Fixed Point Quantization of Deep
Convolutional Networks", ICML 2016, arXiv 1511.06393: 10 log10 of the signal's energy over the error's, in dB. A layer's
output also carries the errors of all layers before it.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from firmware_gen.graph import Graph
from firmware_gen.numpy_oracle import run_values
from firmware_gen.parse import parse_tflite
from trainer.convert import Conversion, calibration_samples
from trainer.datasets import Dataset
from trainer.int8 import quantise
from trainer.models.network import Network
from trainer.quantisation.folding import Folded, fold
from trainer.quiet import quiet_output
from trainer.tensors import Float32, Weights
from trainer.zeros import Kernel, match_kernels

SAMPLES = 32
"""Calibration samples whose activations are compared."""

Real = npt.NDArray[np.floating]


@dataclass(frozen=True)
class LayerError:
    """One prunable tensor in int8.

    Attributes:
        name: as in the network.
        step: the real value of one step of its weights; the largest over the output channels.
        weight_sqnr_db: of the weights, normalisation folded; None if nothing differs or everything is zero.
        output_sqnr_db: of the operator's output; None likewise, or where the float network has no such tensor.
    """

    name: str
    step: float
    weight_sqnr_db: float | None
    output_sqnr_db: float | None


def sqnr_db(signal: Real, approximation: Real) -> float | None:
    """Signal-to-quantisation-noise ratio in dB; None if signal or noise is zero everywhere."""
    exact = signal.astype(np.float64)
    power, noise = float(np.sum(exact**2)), float(np.sum((exact - approximation) ** 2))
    return float(10 * np.log10(power / noise)) if power > 0 and noise > 0 else None


def layer_errors(network: Network, conversion: Conversion, dataset: Dataset) -> tuple[LayerError, ...]:
    """Compare a converted model with the float network of the same weights.

    Args:
        network: the model.
        conversion: what became of it.
        dataset: activations are compared on some of the training samples it was calibrated on.

    Returns:
        One for each prunable tensor, in the network's order.

    Raises:
        UserError: the file cannot be read, or a kernel is not in it.
    """
    graph = parse_tflite(conversion.path)
    kernels = match_kernels(graph, network.specs, conversion.weights)
    folded = {position: fold(network, conversion.weights, position) for position in kernels}
    samples = calibration_samples(dataset)[:SAMPLES]
    wanted = {position: _symbol(kernels[position], one) for position, one in folded.items()}
    exact = _float_outputs(network, conversion.weights, wanted, samples)
    rounded = _int8_outputs(graph, {kernel.op.output for kernel in kernels.values()}, samples)
    return tuple(
        LayerError(
            network.specs[position].name,
            float(kernel.steps.max()),
            _weight_error(kernel, folded[position], conversion.weights[position]),
            _output_error(exact.get(position), rounded[kernel.op.output]),
        )
        for position, kernel in kernels.items()
    )


def _symbol(kernel: Kernel, folded: Folded | None) -> Any:  # noqa: ANN401 - a symbolic tensor
    return None if folded is None else folded.output(kernel.op.activation)


def _weight_error(kernel: Kernel, folded: Folded | None, weight: Float32) -> float | None:
    return None if folded is None else sqnr_db(weight * folded.factors, kernel.values * kernel.steps)


def _output_error(exact: Float32 | None, rounded: Real) -> float | None:
    if exact is None or exact.size != rounded.size:
        return None
    return sqnr_db(exact.reshape(rounded.shape), rounded)


def _float_outputs(network: Network, weights: Weights, wanted: dict[int, Any], samples: Float32) -> dict[int, Float32]:
    """Values of symbolic tensors, by the same keys; those that are None are left out."""
    import keras

    symbols = {key: symbol for key, symbol in wanted.items() if symbol is not None}
    if not symbols:
        return {}
    with quiet_output():
        model = network.with_weights(weights)
        values = keras.Model(model.inputs, list(symbols.values()))(samples, training=False)
    rows = values if isinstance(values, list | tuple) else [values]
    return {key: keras.ops.convert_to_numpy(row) for key, row in zip(symbols, rows, strict=True)}


def _int8_outputs(graph: Graph, tensors: set[int], samples: Float32) -> dict[int, Real]:
    """Real values of activations, float64 (samples, elements), by tensor."""
    runs = [run_values(graph, sample) for sample in quantise(samples, graph.tensors[graph.input])]
    found: dict[int, Real] = {}
    for index in tensors:
        tensor = graph.tensors[index]
        steps = np.stack([run[index].ravel() for run in runs]).astype(np.float64) - tensor.zero_point
        found[index] = steps * tensor.scales[0]
    return found
