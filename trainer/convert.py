"""From a trained float32 network to an int8 ``.tflite`` in which every pruned weight is still zero.

Post-training quantisation: weights int8, symmetric, one scale per output channel; activations, input and output int8
with a zero point; batch 1. Symmetric weights have zero point 0, so a zero stays a zero; that is checked, not assumed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from firmware_gen.parse import parse_bytes
from host_bridge.atomic import write_whole
from host_bridge.errors import UserError
from trainer.datasets import Dataset
from trainer.int8 import int8_accuracy, int8_outputs, quantise_inputs
from trainer.models.network import Network
from trainer.quiet import quiet_output
from trainer.tensors import Float32, Masks, Weights
from trainer.zeros import TensorConversion, check_zeros

CALIBRATION_SAMPLES = 256
_CALIBRATION_SEED = 0

__all__ = ["Conversion", "TensorConversion", "convert_int8", "int8_accuracy", "int8_outputs", "quantise_inputs"]


@dataclass(frozen=True)
class Conversion:
    """A converted model.

    Attributes:
        path: the ``.tflite`` file.
        bytes: its size.
        tensors: what became of each prunable tensor, in the network's order.
        weights: what was converted, float32.
        traffic: bytes that all clients moved for it, both directions; 0 where it was made on the server alone.
    """

    path: Path
    bytes: int
    tensors: tuple[TensorConversion, ...]
    weights: Weights = field(repr=False)
    traffic: int = 0


def check_backend() -> None:
    """Refuse a backend of Keras that TensorFlow's converter cannot read.

    Raises:
        UserError: Keras does not run on TensorFlow.
    """
    with quiet_output():
        import keras

    name = keras.backend.backend()
    if name != "tensorflow":
        raise UserError(
            f"KERAS_BACKEND={name} cannot be converted to int8; leave it away "
            "(accuracy alone is measured on any backend by python -m benchmarks.results)"
        )


def convert_int8(network: Network, weights: Weights, masks: Masks, dataset: Dataset, out: Path) -> Conversion:
    """Quantise a network, check its zeros, and only then write it.

    The same weights and dataset give the same bytes.

    Args:
        network: the model.
        weights: trained, zero where ``masks`` drops them.
        masks: the weights that the model keeps.
        dataset: activations are calibrated on a fixed subset of its training samples, never on test samples.
        out: the ``.tflite`` file to write.

    Raises:
        UserError: ``out`` cannot be written, the converter emitted something the firmware does not support, or
            a pruned weight is not zero in the file; the message names it.
    """
    content = _convert(network, weights, calibration_samples(dataset))
    return check_and_write(content, network, weights, masks, out)


def check_and_write(content: bytes, network: Network, weights: Weights, masks: Masks, out: Path) -> Conversion:
    """Check the zeros of a converted model, and only then write it.

    Args:
        content: of the ``.tflite`` file.
        network: the model.
        weights: what was converted.
        masks: the weights that the model keeps.
        out: the file to write.

    Raises:
        UserError: as :func:`convert_int8`.
    """
    graph = parse_bytes(content, out.name)
    tensors = check_zeros(graph, network.specs, weights, masks)
    write_whole(out, content)
    return Conversion(out, len(content), tensors, weights)


def calibration_samples(dataset: Dataset) -> Float32:
    """The training samples that activations are calibrated on, float32 (samples, height, width, channels)."""
    random = np.random.default_rng(_CALIBRATION_SEED)
    count = min(CALIBRATION_SAMPLES, len(dataset.train_x))
    samples: Float32 = dataset.train_x[np.sort(random.choice(len(dataset.train_x), count, replace=False))]
    return samples


def _convert(network: Network, weights: Weights, calibration: Float32) -> bytes:
    """The bytes of the ``.tflite`` file."""
    import tensorflow as tf

    def representative() -> Iterator[list[Float32]]:
        for sample in calibration:
            yield [sample[np.newaxis]]

    with quiet_output():
        function = _concrete_function(network, weights)
        converter = tf.lite.TFLiteConverter.from_concrete_functions([function], function)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = representative
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = tf.int8
        converter.inference_output_type = tf.int8
        return bytes(converter.convert())


def _concrete_function(network: Network, weights: Weights) -> Any:  # noqa: ANN401 - a TensorFlow function
    """Logits of one sample, the weights built in as constants."""
    import tensorflow as tf

    constants = [tf.constant(weight) for weight in weights]

    def logits(x: Any) -> Any:  # noqa: ANN401 - a tensor
        return network.logits(constants, x)

    sample = tf.TensorSpec((1, *network.input_shape), tf.float32, name="input")
    return tf.function(logits).get_concrete_function(sample)
