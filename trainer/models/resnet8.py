"""ResNet8, the image classification network of MLPerf Tiny.

K. He, X. Zhang, S. Ren, J. Sun: "Deep Residual Learning for Image Recognition", CVPR 2016, arXiv 1512.03385, in the
topology of C. Banbury et al.: "MLPerf Tiny Benchmark", NeurIPS 2021 Datasets and Benchmarks, arXiv 2106.07597: three
stacks of one block each; the 1x1 convolutions of the shortcuts have a bias and no normalisation.
"""

from typing import Any

from trainer.models.blocks import conv_norm, conv_norm_relu, pool_all
from trainer.models.shapes import refuse_smaller

CHANNELS = (16, 32, 64)
"""Channels of each stack; every stack but the first halves height and width."""


def resnet8(layers: Any, input_shape: tuple[int, int, int], classes: int) -> Any:  # noqa: ANN401 - Keras or tf_keras
    """Build the model: 77,360 prunable weights for three channels and 10 classes.

    Args:
        layers: ``keras.layers`` or ``tf_keras.layers``.
        input_shape: height, width (both at least 4) and channels.
        classes: number of logits.

    Returns:
        Input and output of the network, for ``Model(input, output)``.

    Raises:
        UserError: the input is too small.
    """
    refuse_smaller("resnet8", input_shape, 4, 4)
    source = layers.Input(input_shape, name="image")
    x = conv_norm_relu(layers, source, CHANNELS[0], 3, "stem")
    for position, channels in enumerate(CHANNELS, start=1):
        x = _stack(layers, x, channels, 1 if position == 1 else 2, f"stack{position}")
    return source, layers.Dense(classes, name="logits")(pool_all(layers, x))


def _stack(layers: Any, x: Any, channels: int, strides: int, name: str) -> Any:  # noqa: ANN401
    y = conv_norm_relu(layers, x, channels, 3, f"{name}_conv1", strides=strides)
    y = conv_norm(layers, y, channels, 3, f"{name}_conv2")
    if strides != 1:
        x = layers.Conv2D(channels, 1, strides=strides, padding="same", name=f"{name}_shortcut")(x)
    x = layers.Add(name=f"{name}_add")([x, y])
    return layers.ReLU(name=f"{name}_relu")(x)
