"""A built model as a function of its weights."""

from dataclasses import dataclass, field
from typing import Any

from host_bridge.errors import UserError
from trainer.backends import backend
from trainer.models import ModelBuilder
from trainer.tensors import Role, TensorSpec, Weights, kernels_only

_ROLES = {
    "kernel": Role.KERNEL,
    "pointwise_kernel": Role.KERNEL,
    "depthwise_kernel": Role.DEPTHWISE,
    "bias": Role.BIAS,
    "beta": Role.BIAS,
    "gamma": Role.SCALE,
    "moving_mean": Role.MEAN,
    "moving_variance": Role.VARIANCE,
}


@dataclass(frozen=True)
class Network:
    """A Keras model whose weights are passed in, never read from it.

    Attributes:
        builder: makes the layers.
        input_shape: height, width, channels of one sample.
        classes: number of logits.
        specs: the model's tensors: trained ones in the order of its layers, then running statistics.
        model: the Keras model, float32.
    """

    builder: ModelBuilder
    input_shape: tuple[int, int, int]
    classes: int
    specs: tuple[TensorSpec, ...]
    model: Any = field(repr=False)

    def logits(self, weights: Any, x: Any) -> Any:  # noqa: ANN401 - tensors of the backend
        """Logits (samples, classes) of ``x`` (samples, height, width, channels): inference, by running statistics."""
        return self.model.stateless_call(*self._split(weights), x, training=False)[0]

    def forward(self, weights: Any, x: Any) -> tuple[Any, list[Any]]:  # noqa: ANN401 - tensors of the backend
        """Logits in training, by the statistics of the batch, and the running statistics after it."""
        logits, statistics = self.model.stateless_call(*self._split(weights), x, training=True)
        return logits, list(statistics)

    @property
    def trained(self) -> int:
        """Number of tensors that gradients change; they come first."""
        return sum(spec.trained for spec in self.specs)

    def with_weights(self, weights: Weights) -> Any:  # noqa: ANN401 - a Keras model
        """The Keras model, its variables set to ``weights``; for conversion."""
        for variable, weight in zip(_variables(self.model), weights, strict=True):
            variable.assign(weight)
        return self.model

    def _split(self, weights: Any) -> tuple[list[Any], list[Any]]:  # noqa: ANN401
        tensors, trained = list(weights), self.trained
        return tensors[:trained], tensors[trained:]


def build_network(builder: ModelBuilder, input_shape: tuple[int, int, int], classes: int) -> Network:
    """Build a float32 model and describe its tensors.

    Raises:
        UserError: it has variables that are not supported; names the first.
    """
    model = build_keras(builder, input_shape, classes, "float32")
    return Network(builder, input_shape, classes, tensor_specs(model), model)


def build_keras(builder: ModelBuilder, input_shape: tuple[int, int, int], classes: int, dtype: str) -> Any:  # noqa: ANN401
    """Build a Keras 3 model that computes in ``dtype`` (``"float32"`` or ``"float64"``)."""
    import keras

    backend()  # sets threads, which has to come before the first tensor
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(dtype)
    try:
        return keras.Model(*builder(keras.layers, input_shape, classes))
    finally:
        keras.config.set_dtype_policy(before)


def tensor_specs(model: Any) -> tuple[TensorSpec, ...]:  # noqa: ANN401 - a Keras model
    """Describe a model's tensors, in the order of :data:`trainer.tensors.Weights`.

    Raises:
        UserError: a variable is of no known role, such as the state of a random generator.
    """
    depthwise = {
        id(layer.kernel) for layer in model.layers if type(layer).__name__ == "DepthwiseConv2D" and layer.built
    }
    return tuple(_spec(variable, id(variable) in depthwise) for variable in _variables(model))


def _variables(model: Any) -> list[Any]:  # noqa: ANN401 - a Keras model
    return [*model.trainable_variables, *model.non_trainable_variables]


def _spec(variable: Any, depthwise: bool) -> TensorSpec:  # noqa: ANN401 - a Keras variable
    name = variable.path
    kind = name.rsplit("/", 1)[-1]
    if kind not in _ROLES:
        raise UserError(
            f"the model's variable {name} is not supported (known: {', '.join(_ROLES)}); "
            "remove its layer from the model"
        )
    role = Role.DEPTHWISE if depthwise else _ROLES[kind]
    return TensorSpec(name, tuple(variable.shape), kernels_only(role), role)
