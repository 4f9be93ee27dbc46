"""A network that may be differentiated twice.

TensorFlow's moments take the mean inside the variance as a constant. That is right for first derivatives, where its
effect cancels, and wrong for second ones: the Hessian would be as if shifting a channel changed its variance. So
normalisations are built with moments of their own.
"""

from dataclasses import replace
from functools import cache
from typing import Any

from trainer.backends import Tensor
from trainer.models.network import Network


def differentiable_twice(network: Network) -> Network:
    """The same network with exact second derivatives; normalisations always by the statistics of the batch."""
    import keras

    model = keras.Model(*network.builder(_Layers(), network.input_shape, network.classes))
    return replace(network, model=model)


class _Layers:
    """``keras.layers``, but for normalisations."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - a Keras layer
        import keras

        return _normalisation() if name == "BatchNormalization" else getattr(keras.layers, name)


@cache
def _normalisation() -> Any:  # noqa: ANN401 - a Keras layer
    import keras
    from keras import ops

    class Normalisation(keras.layers.BatchNormalization):  # type: ignore[misc]
        """Batch normalisation in training that leaves the running statistics alone."""

        def call(self, inputs: Tensor, training: bool | None = None, mask: Tensor | None = None) -> Tensor:  # noqa: ARG002
            rank = len(inputs.shape)
            channels = [axis % rank for axis in (self.axis if isinstance(self.axis, list | tuple) else [self.axis])]
            others = tuple(axis for axis in range(rank) if axis not in channels)
            shape = tuple(inputs.shape[axis] if axis in channels else 1 for axis in range(rank))
            centred = inputs - ops.mean(inputs, axis=others, keepdims=True)
            outputs = centred * ops.rsqrt(ops.mean(ops.square(centred), axis=others, keepdims=True) + self.epsilon)
            if self.scale:
                outputs *= ops.reshape(self.gamma, shape)
            return outputs + ops.reshape(self.beta, shape) if self.center else outputs

    return Normalisation
