"""A network of about a million weights for 28x28 images that two CPU cores can train: most weights are dense.

Three normalised convolutions, the first two followed by pooling, and a wide dense layer. At 98 % sparsity pruners can
leave the convolutions, one weight in seventy, nearly whole and find what they drop in the dense layer.
"""

from typing import Any

from trainer.models.blocks import conv_norm_relu
from trainer.models.shapes import refuse_smaller

CHANNELS = (16, 32, 32)
"""Output channels of each 3x3 convolution; 2x2 max pooling follows all but the last."""
HIDDEN = 640


def fashion_cnn(layers: Any, input_shape: tuple[int, int, int], classes: int) -> Any:  # noqa: ANN401
    """Build the model: 1,023,888 prunable weights for 28x28x1 images and 10 classes.

    Args:
        layers: ``keras.layers`` or ``tf_keras.layers``.
        input_shape: height, width (both at least 4) and channels.
        classes: number of logits.

    Returns:
        Input and output of the network, for ``Model(input, output)``.

    Raises:
        UserError: the input is too small.
    """
    refuse_smaller("fashion_cnn", input_shape, 4, 4)
    source = layers.Input(input_shape, name="image")
    x = source
    for position, channels in enumerate(CHANNELS, start=1):
        x = conv_norm_relu(layers, x, channels, 3, f"conv{position}")
        if position < len(CHANNELS):
            x = layers.MaxPooling2D(2, name=f"pool{position}")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(HIDDEN, activation="relu", name="dense")(x)
    return source, layers.Dense(classes, name="logits")(x)
