"""The default model: a small convolutional network for 8x8 images, without normalisation layers.

SynFlow spreads what it keeps evenly over the layers, so at 98 % a layer ends up with few live units unless the layer
before it is narrow. Narrow convolutions and one wide dense layer keep more of both.
"""

from typing import Any

from trainer.models.shapes import refuse_smaller

CHANNELS = (16, 80)
"""Output channels of each 3x3 convolution; 2x2 max pooling follows each."""
HIDDEN = 1200


def digits_cnn(layers: Any, input_shape: tuple[int, int, int], classes: int) -> Any:  # noqa: ANN401 - Keras or tf_keras
    """Build the model: 407,664 prunable weights for 8x8x1 images and 10 classes.

    Args:
        layers: ``keras.layers`` or ``tf_keras.layers``.
        input_shape: height, width (both at least 4) and channels.
        classes: number of logits.

    Returns:
        Input and output of the network, for ``Model(input, output)``.

    Raises:
        UserError: the input is too small.
    """
    refuse_smaller("digits_cnn", input_shape, 4, 4)
    source = layers.Input(input_shape, name="image")
    x = source
    for position, channels in enumerate(CHANNELS, start=1):
        x = layers.Conv2D(channels, 3, padding="same", activation="relu", name=f"conv{position}")(x)
        x = layers.MaxPooling2D(2, name=f"pool{position}")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(HIDDEN, activation="relu", name="dense")(x)
    return source, layers.Dense(classes, name="logits")(x)
