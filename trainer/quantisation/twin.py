"""A network in Keras 2 whose layers round as int8 will: TFMOT's quantisation-aware training that preserves pruning.

B. Jacob et al.: "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference", CVPR
2018, arXiv 1712.05877: weights and activations are rounded in the forward pass and gradients pass through. TFMOT's
``Default8BitPrunePreserveQuantizeScheme`` keeps what is zero at zero. Normalisations are frozen, as R. Krishnamoorthi
advises for the end of training ("Quantizing deep convolutional networks for efficient inference", arXiv 1806.08342):
a client's few batches would only disturb their statistics, and an operator has them folded in anyway.
"""

from typing import Any

import numpy as np

from host_bridge.errors import UserError
from trainer.models.network import Network
from trainer.quiet import quiet_output
from trainer.tensors import Float32, Weights
from trainer.tfmot import import_tfmot

CHUNK = 500
"""Samples that ranges are measured on at a time."""

LEAST_PEAK = 1e-3
"""Share of a kernel's peak that the step of each of its channels is made for, at least."""

Ranges = Float32
"""Smallest and largest value, float32 (tensors, 2), of each tensor whose rounding a twin simulates."""


class QuantisedTwin:
    """The network's weights in a graph that rounds.

    Args:
        network: the model.
        weights: where training starts; what is zero in a kernel stays zero.

    Raises:
        UserError: a layer cannot be quantised by TFMOT, or the builder makes other tensors in Keras 2.
    """

    def __init__(self, network: Network, weights: Weights) -> None:
        with quiet_output():
            tfmot, tf_keras = import_tfmot()
            self._plain = build_twin(network, tf_keras)
            self._plain_variables = [*self._plain.trainable_variables, *self._plain.non_trainable_variables]
            _assign(self._plain_variables, weights)
            self.model = _quantise(self._plain, tfmot)
            named = {variable.name: variable for variable in self.model.variables}
            self.variables = [named[variable.name] for variable in self._plain_variables]
            self._ranges = _range_variables(self.model, self._plain)
            self._measured = tf_keras.Model(self._plain.inputs, [output for output, *_ in self._ranges])
            frozen = _freeze(self.model)
        self.trained = tuple(
            place
            for place, (spec, variable) in enumerate(zip(network.specs, self.variables, strict=True))
            if spec.trained and variable.name not in frozen
        )
        """Positions of the tensors that are trained; the others stay as they are."""

    @property
    def weights(self) -> Weights:
        """The network's tensors, in its order."""
        return tuple(variable.numpy() for variable in self.variables)

    def set(self, weights: Weights, ranges: Ranges) -> None:
        """Start again from these."""
        _assign(self.variables, weights)
        self._set_ranges(ranges)

    def measure(self, weights: Weights, x: Float32) -> Ranges:
        """The ranges of activations on samples, without rounding; always with 0 inside."""
        _assign(self._plain_variables, weights)
        found = np.zeros((len(self._ranges), 2), np.float32)
        for at in range(0, len(x), CHUNK):
            outputs = self._measured(x[at : at + CHUNK], training=False)
            values = [output.numpy() for output in (outputs if isinstance(outputs, list) else [outputs])]
            found[:, 0] = np.minimum(found[:, 0], [value.min() for value in values])
            found[:, 1] = np.maximum(found[:, 1], [value.max() for value in values])
        return found

    def convert(self, x: Float32, ranges: Ranges) -> bytes:
        """An int8 ``.tflite`` of batch 1, with these ranges; ``x`` are any samples, for the first forward pass."""
        import tensorflow as tf

        # Ranges of kernels follow the kernels in a training pass, and in no other.
        self.model(x, training=True)
        _widen_kernels(self.model)
        self._set_ranges(ranges)
        sample = tf.TensorSpec((1, *x.shape[1:]), tf.float32, name="input")
        with quiet_output():
            function = tf.function(lambda given: self.model(given, training=False)).get_concrete_function(sample)
            converter = tf.lite.TFLiteConverter.from_concrete_functions([function], self.model)
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.inference_input_type = tf.int8
            converter.inference_output_type = tf.int8
            return bytes(converter.convert())

    def _set_ranges(self, ranges: Ranges) -> None:
        for (_, low, high), row in zip(self._ranges, ranges, strict=True):
            low.assign(row[0])
            high.assign(row[1])


def check_quantisable(network: Network) -> None:
    """Find out before training whether :class:`QuantisedTwin` knows the model's layers.

    Raises:
        UserError: it does not; names the first that it does not know.
    """
    with quiet_output():
        tfmot, tf_keras = import_tfmot()
        twin = build_twin(network, tf_keras)
        _check_layers(twin, tfmot)


def build_twin(network: Network, tf_keras: Any) -> Any:  # noqa: ANN401 - a Keras 2 model
    """The network's layers in Keras 2.

    Raises:
        UserError: the builder does not take them, or its tensors are others there.
    """
    try:
        twin = tf_keras.Model(*network.builder(tf_keras.layers, network.input_shape, network.classes))
    except (AttributeError, TypeError, ValueError) as error:
        raise UserError(f"the model cannot be built by tf_keras ({_first_line(error)}); {_REMEDY}") from None
    shapes = [tuple(one.shape) for one in (*twin.trainable_variables, *twin.non_trainable_variables)]
    if shapes != [spec.shape for spec in network.specs]:
        raise UserError(f"the model has other tensors in tf_keras than in Keras; {_REMEDY}")
    return twin


_REMEDY = "use --quantisation ptq"


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _check_layers(twin: Any, tfmot: Any) -> None:  # noqa: ANN401
    registry = _scheme(tfmot).get_quantize_registry()
    for layer in twin.layers:
        kind = type(layer).__name__
        # Whether a normalisation can be folded only shows when the whole model is looked at.
        if kind in ("InputLayer", "BatchNormalization"):
            continue
        try:
            registry.get_quantize_config(layer)
        except (ValueError, KeyError):
            raise UserError(f"layer {layer.name} ({kind}) has no quantisation-aware training; {_REMEDY}") from None


def _scheme(tfmot: Any) -> Any:  # noqa: ANN401
    return tfmot.experimental.combine.Default8BitPrunePreserveQuantizeScheme()


def _quantise(twin: Any, tfmot: Any) -> Any:  # noqa: ANN401
    _check_layers(twin, tfmot)
    keras = tfmot.quantization.keras
    try:
        return keras.quantize_apply(keras.quantize_annotate_model(twin), _scheme(tfmot))
    except (ValueError, RuntimeError) as error:
        raise UserError(f"quantisation-aware training refuses the model ({_first_line(error)}); {_REMEDY}") from None


def _assign(variables: list[Any], weights: Weights) -> None:
    for variable, weight in zip(variables, weights, strict=True):
        variable.assign(weight)


def _widen_kernels(quantised: Any) -> None:  # noqa: ANN401
    """Give channels of no or tiny weights a proper step: the bias is counted in steps, and would overflow int32."""
    for layer in quantised.layers:
        for _, _, has in getattr(layer, "_weight_vars", []):
            peaks = has["max_var"].numpy()
            usable = np.maximum(peaks, LEAST_PEAK * (peaks.max() or 1.0))
            has["min_var"].assign(-usable)
            has["max_var"].assign(usable)


def _range_variables(quantised: Any, plain: Any) -> list[tuple[Any, Any, Any]]:  # noqa: ANN401
    """For each activation that is rounded: its tensor in the plain twin, and the variables of its range."""
    found = []
    for layer in quantised.layers:
        if type(layer).__name__ == "QuantizeLayer":
            found.append((plain.inputs[0], layer.quantizer_vars))
            continue
        for activation in getattr(layer, "_quantize_activations", []):
            if getattr(activation, "_pre_activation_vars", None):
                raise UserError(f"layer {layer.layer.name} rounds before its activation; {_REMEDY}")
            found.append((_output(plain, layer), getattr(activation, "_post_activation_vars", None)))
        found.append((_output(plain, layer), getattr(layer, "_output_quantizer_vars", None)))
    return [(tensor, has["min_var"], has["max_var"]) for tensor, has in found if has]


def _output(plain: Any, wrapper: Any) -> Any:  # noqa: ANN401
    """The plain layer's output; of a mean its input, for TensorFlow Lite's pooling has one scale for both."""
    if not hasattr(wrapper, "layer"):
        return None
    layer = plain.get_layer(wrapper.layer.name)
    return layer.input if "AveragePooling" in type(layer).__name__ else layer.output


def _freeze(quantised: Any) -> set[str]:  # noqa: ANN401
    """Let normalisations compute as in inference; gives the names of their variables."""
    wrapped = [layer.layer for layer in quantised.layers if hasattr(layer, "layer")]
    normalisations = [layer for layer in wrapped if type(layer).__name__.endswith("BatchNormalization")]
    for layer in normalisations:
        layer.trainable = False
    return {variable.name for layer in normalisations for variable in layer.variables}
