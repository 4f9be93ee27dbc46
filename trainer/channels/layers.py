"""Which Keras layers can be followed channel by channel, and what it takes to build each again.

A layer is followed only if it is Keras's own (or this project's): a subclass may compute anything.
"""

from typing import Any

from host_bridge.errors import UserError

SOURCES = frozenset({"InputLayer", "Conv2D", "Dense"})
"""Layers whose output channels are their own; all others hand on the channels of what they read."""

MIXING = frozenset({"softmax", "log_softmax"})
"""Activations in which every channel depends on every other."""

_CHANNELS_LAST = ("Conv2D", "DepthwiseConv2D", "Flatten", "ZeroPadding2D")
_ACTIVATED = ("Conv2D", "DepthwiseConv2D", "Dense", "Activation")
_POOLS = ("MaxPooling2D", "AveragePooling2D")
_GLOBAL_POOLS = ("GlobalMaxPooling2D", "GlobalAveragePooling2D")

_OPTIONS: dict[str, tuple[str, ...]] = {
    "InputLayer": (),
    "Conv2D": ("filters", "kernel_size", "strides", "padding", "dilation_rate", "use_bias"),
    "DepthwiseConv2D": ("kernel_size", "strides", "padding", "depth_multiplier", "dilation_rate", "use_bias"),
    "Dense": ("units", "use_bias"),
    "BatchNormalization": ("momentum", "epsilon", "center", "scale"),
    "Activation": (),
    "ReLU": ("max_value", "negative_slope", "threshold"),
    "LeakyReLU": ("negative_slope",),
    "Softmax": (),
    "Flatten": (),
    "Dropout": ("rate",),
    "ZeroPadding2D": ("padding",),
    "Add": (),
    "Concatenate": (),
    "Reshape": ("target_shape",),
    **dict.fromkeys(_POOLS, ("pool_size", "strides", "padding")),
    **dict.fromkeys(_GLOBAL_POOLS, ("keepdims",)),
}
"""Supported layers, and the attributes that are arguments of their constructors."""

_PIECEWISE = frozenset(("linear", "relu", "relu6", "leaky_relu", "hard_silu", "hard_swish", "hard_tanh"))
_SMOOTH = frozenset(("elu", "selu", "celu", "gelu", "silu", "swish", "tanh", "softsign", "mish"))
_ZERO_AT_ZERO = _PIECEWISE | _SMOOTH
_NOT_ZERO_AT_ZERO = frozenset(("sigmoid", "hard_sigmoid", "softplus", "exponential"))


class UnsupportedLayerError(UserError):
    """A layer whose channels cannot be followed."""


def layer_kind(layer: Any) -> str:  # noqa: ANN401 - a Keras operation
    """The layer's class, by the name that ``keras.layers`` and ``tf_keras.layers`` share.

    Raises:
        UnsupportedLayerError: it is none that can be followed.
    """
    import keras

    for base in type(layer).__mro__ if isinstance(layer, keras.Layer) else ():
        if base.__module__.split(".")[0] not in ("keras", "trainer"):
            break
        if base.__name__ in _OPTIONS:
            _check(layer, base.__name__)
            return base.__name__
    raise unsupported(layer, f"{type(layer).__name__} layers cannot be followed channel by channel")


def layer_options(layer: Any, kind: str) -> dict[str, Any]:  # noqa: ANN401 - a Keras layer
    """Arguments, but its name, that build the layer again, in Keras 3 or in ``tf_keras``."""
    options = {name: getattr(layer, name) for name in _OPTIONS[kind]}
    if kind in _ACTIVATED:
        options["activation"] = _activation(layer)
    return options


def is_zero_at_zero(kind: str, options: dict[str, Any]) -> bool:
    """Whether a channel that is zero before the layer's activation is zero after it."""
    if kind == "ReLU":
        return bool(options["threshold"] <= 0 or options["negative_slope"] == 0)
    return kind != "Softmax" and options.get("activation", "linear") in _ZERO_AT_ZERO


def is_mixing(kind: str, options: dict[str, Any]) -> bool:
    """Whether every output channel depends on every input channel, without weights."""
    return kind == "Softmax" or options.get("activation") in MIXING


def unsupported(layer: Any, reason: str) -> UnsupportedLayerError:  # noqa: ANN401 - a Keras operation
    """The error for a layer, in one line."""
    return UnsupportedLayerError(f"layer {layer.name}: {reason}; use another layer, or do without compaction")


def _activation(layer: Any) -> str:  # noqa: ANN401 - a Keras layer
    import keras

    name = getattr(layer.activation, "__name__", "")
    known = _ZERO_AT_ZERO | _NOT_ZERO_AT_ZERO | MIXING
    if name not in known or keras.activations.get(name) is not layer.activation:
        raise unsupported(layer, f"the activation {name or layer.activation} is not known")
    return name


def _check(layer: Any, kind: str) -> None:  # noqa: ANN401 - a Keras layer
    """Refuse the variants of a supported layer that treat channels in another way."""
    if kind in (*_CHANNELS_LAST, *_POOLS, *_GLOBAL_POOLS) and layer.data_format != "channels_last":
        raise unsupported(layer, "channels must come last")
    if kind == "Conv2D" and layer.groups != 1:
        raise unsupported(layer, "grouped convolutions are not followed")
    if kind in ("BatchNormalization", "Concatenate", "Softmax"):
        rank = len(layer.output.shape)
        axes = layer.axis if isinstance(layer.axis, list | tuple) else [layer.axis]
        if [axis % rank for axis in axes] != [rank - 1]:
            raise unsupported(layer, f"axis {layer.axis} is not that of the channels")
