"""ResNet18 for small images.

K. He, X. Zhang, S. Ren, J. Sun: "Deep Residual Learning for Image Recognition", CVPR 2016, arXiv 1512.03385. As usual
for 32x32 images the stem is one 3x3 convolution, without stride and pooling; shortcuts that change the shape are 1x1
convolutions with normalisation (the paper's option B).
"""

from typing import Any

from trainer.models.blocks import conv_norm, conv_norm_relu, pool_all
from trainer.models.shapes import refuse_smaller

CHANNELS = (64, 128, 256, 512)
"""Channels of each stage; every stage but the first halves height and width."""
BLOCKS = 2
"""Residual blocks in each stage."""


def resnet18(layers: Any, input_shape: tuple[int, int, int], classes: int) -> Any:  # noqa: ANN401 - Keras or tf_keras
    """Build the model: 11,164,352 prunable weights for three channels and 10 classes.

    Args:
        layers: ``keras.layers`` or ``tf_keras.layers``.
        input_shape: height, width (both at least 8) and channels.
        classes: number of logits.

    Returns:
        Input and output of the network, for ``Model(input, output)``.

    Raises:
        UserError: the input is too small.
    """
    refuse_smaller("resnet18", input_shape, 8, 8)
    source = layers.Input(input_shape, name="image")
    x = conv_norm_relu(layers, source, CHANNELS[0], 3, "stem")
    for stage, channels in enumerate(CHANNELS, start=1):
        for block in range(1, BLOCKS + 1):
            strides = 2 if stage > 1 and block == 1 else 1
            x = _block(layers, x, channels, strides, f"stage{stage}_block{block}")
    return source, layers.Dense(classes, name="logits")(pool_all(layers, x))


def _block(layers: Any, x: Any, channels: int, strides: int, name: str) -> Any:  # noqa: ANN401
    y = conv_norm_relu(layers, x, channels, 3, f"{name}_conv1", strides=strides)
    y = conv_norm(layers, y, channels, 3, f"{name}_conv2")
    if strides != 1:
        x = conv_norm(layers, x, channels, 1, f"{name}_shortcut", strides=strides)
    x = layers.Add(name=f"{name}_add")([x, y])
    return layers.ReLU(name=f"{name}_relu")(x)
