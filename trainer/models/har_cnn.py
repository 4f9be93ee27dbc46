"""A one-dimensional network for windows of accelerometer and gyroscope samples.

After C. A. Ronao, S.-B. Cho: "Human activity recognition with smartphone sensors using deep learning neural networks",
Expert Systems with Applications 59, 2016: three convolutions over time, nine samples long, and a dense layer; here
narrower, of stride 2 instead of pooled, and with batch normalisation. Time is the height of an image one pixel wide,
so that the layers are those every other model uses.
"""

from typing import Any

from trainer.models.blocks import conv_norm_relu
from trainer.models.shapes import refuse_others, refuse_smaller

CHANNELS = (24, 48, 64)
"""Output channels of each convolution."""
SPAN = 9
"""Samples that a kernel sees."""
HIDDEN = 256


def har_cnn(layers: Any, input_shape: tuple[int, int, int], classes: int) -> Any:  # noqa: ANN401 - Keras or tf_keras
    """Build the model: 303,640 prunable weights for windows of 128x1x9 and 6 classes.

    Args:
        layers: ``keras.layers`` or ``tf_keras.layers``.
        input_shape: samples in time (at least 8), 1, sensor channels.
        classes: number of logits.

    Returns:
        Input and output of the network, for ``Model(input, output)``.

    Raises:
        UserError: the window is too short or wider than 1.
    """
    refuse_smaller("har_cnn", input_shape, 2 ** len(CHANNELS), 1)
    refuse_others("har_cnn", input_shape, ((input_shape[0], 1),))
    source = layers.Input(input_shape, name="window")
    x = source
    for position, channels in enumerate(CHANNELS, start=1):
        x = conv_norm_relu(layers, x, channels, (SPAN, 1), f"conv{position}", strides=(2, 1))
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(HIDDEN, activation="relu", name="dense")(x)
    return source, layers.Dense(classes, name="logits")(x)
