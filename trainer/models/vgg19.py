"""VGG19 with batch normalisation for small images.

K. Simonyan, A. Zisserman: "Very Deep Convolutional Networks for Large-Scale Image Recognition", ICLR 2015,
arXiv 1409.1556, configuration E. As usual for 32x32 images one dense layer replaces the paper's three.
"""

from typing import Any

from trainer.models.blocks import conv_norm_relu, pool_all
from trainer.models.shapes import refuse_smaller

STAGES = ((64, 2), (128, 2), (256, 4), (512, 4), (512, 4))
"""Channels and number of 3x3 convolutions of each stage; 2x2 max pooling ends it."""


def vgg19(layers: Any, input_shape: tuple[int, int, int], classes: int) -> Any:  # noqa: ANN401 - Keras or tf_keras
    """Build the model: 20,024,000 prunable weights for three channels and 10 classes.

    Args:
        layers: ``keras.layers`` or ``tf_keras.layers``.
        input_shape: height, width (both at least 32) and channels.
        classes: number of logits.

    Returns:
        Input and output of the network, for ``Model(input, output)``.

    Raises:
        UserError: the input is too small.
    """
    refuse_smaller("vgg19", input_shape, 32, 32)
    source = layers.Input(input_shape, name="image")
    x = source
    for stage, (channels, convolutions) in enumerate(STAGES, start=1):
        for position in range(1, convolutions + 1):
            x = conv_norm_relu(layers, x, channels, 3, f"stage{stage}_conv{position}")
        x = layers.MaxPooling2D(2, name=f"stage{stage}_pool")(x)
    x = layers.Flatten(name="flatten")(x) if x.shape[1:3] == (1, 1) else pool_all(layers, x)
    return source, layers.Dense(classes, name="logits")(x)
