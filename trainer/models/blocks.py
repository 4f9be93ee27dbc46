"""The block most models are made of: convolution, batch normalisation, ReLU.

S. Ioffe, C. Szegedy: "Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate Shift",
ICML 2015, arXiv 1502.03167. The convolution has no bias: the normalisation would subtract it again.
"""

from typing import Any

MOMENTUM = 0.9
"""Of the running statistics: a client takes few steps in a round, and Keras's 0.99 would not follow them."""


def normalise(layers: Any, x: Any, name: str) -> Any:  # noqa: ANN401
    """Batch normalisation ``name`` of ``x`` (samples, height, width, channels)."""
    return layers.BatchNormalization(momentum=MOMENTUM, name=name)(x)


def conv_norm(
    layers: Any,  # noqa: ANN401 - keras.layers or tf_keras.layers
    x: Any,  # noqa: ANN401 - a symbolic tensor
    filters: int,
    kernel: int | tuple[int, int],
    name: str,
    *,
    strides: int | tuple[int, int] = 1,
    padding: str = "same",
) -> Any:  # noqa: ANN401
    """Convolution ``name`` and normalisation ``name_norm`` of ``x`` (samples, height, width, channels)."""
    x = layers.Conv2D(filters, kernel, strides=strides, padding=padding, use_bias=False, name=name)(x)
    return normalise(layers, x, f"{name}_norm")


def conv_norm_relu(
    layers: Any,  # noqa: ANN401
    x: Any,  # noqa: ANN401
    filters: int,
    kernel: int | tuple[int, int],
    name: str,
    *,
    strides: int | tuple[int, int] = 1,
    padding: str = "same",
) -> Any:  # noqa: ANN401
    """:func:`conv_norm` and the activation ``name_relu``."""
    x = conv_norm(layers, x, filters, kernel, name, strides=strides, padding=padding)
    return layers.ReLU(name=f"{name}_relu")(x)


def pool_all(layers: Any, x: Any) -> Any:  # noqa: ANN401
    """Average each channel over the whole map and flatten: layers ``pool`` and ``flatten``."""
    x = layers.AveragePooling2D(tuple(x.shape[1:3]), name="pool")(x)
    return layers.Flatten(name="flatten")(x)
