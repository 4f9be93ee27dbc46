"""A built model as a function of its weights."""

from dataclasses import dataclass, field
from typing import Any

from trainer.models import ModelBuilder
from trainer.tensors import TensorSpec, Weights, kernels_only


@dataclass(frozen=True)
class Network:
    """A Keras model whose weights are passed in, never read from it.

    Attributes:
        builder: makes the layers.
        input_shape: height, width, channels of one sample.
        classes: number of logits.
        specs: the model's trainable tensors, in order.
        model: the Keras model, float32.
    """

    builder: ModelBuilder
    input_shape: tuple[int, int, int]
    classes: int
    specs: tuple[TensorSpec, ...]
    model: Any = field(repr=False)

    def logits(self, weights: Any, x: Any) -> Any:  # noqa: ANN401 - tensors of the backend
        """Logits (samples, classes) of ``x`` (samples, height, width, channels) under these weights."""
        return self.model.stateless_call(list(weights), [], x)[0]

    def with_weights(self, weights: Weights) -> Any:  # noqa: ANN401 - a Keras model
        """The Keras model, its variables set to ``weights``; for conversion."""
        for variable, weight in zip(self.model.trainable_variables, weights, strict=True):
            variable.assign(weight)
        return self.model


def build_network(builder: ModelBuilder, input_shape: tuple[int, int, int], classes: int) -> Network:
    """Build a float32 model and describe its tensors."""
    model = build_keras(builder, input_shape, classes, "float32")
    return Network(builder, input_shape, classes, _specs(model), model)


def build_keras(builder: ModelBuilder, input_shape: tuple[int, int, int], classes: int, dtype: str) -> Any:  # noqa: ANN401
    """Build a Keras 3 model that computes in ``dtype`` (``"float32"`` or ``"float64"``).

    Raises:
        ValueError: the model has state that is not trained, which weights alone do not describe.
    """
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(dtype)
    try:
        model = keras.Model(*builder(keras.layers, input_shape, classes))
    finally:
        keras.config.set_dtype_policy(before)
    if model.non_trainable_variables:
        raise ValueError(f"{model.non_trainable_variables[0].path} is not trained; such layers are not supported")
    return model


def _specs(model: Any) -> tuple[TensorSpec, ...]:  # noqa: ANN401 - a Keras model
    rows = [(variable.path, tuple(variable.shape)) for variable in model.trainable_variables]
    return tuple(TensorSpec(name, shape, kernels_only(name, shape)) for name, shape in rows)
