"""LeNet-5.

Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: "Gradient-Based Learning Applied to Document Recognition", Proceedings of
the IEEE 86(11), 1998. C1, S2, C3, S4, C5, F6 have the sizes of the paper. What three decades changed: ReLU instead of
a scaled tanh, batch normalisation, C3 reads all maps of S2 (pruning chooses the connections now), S2 and S4 average
without weights of their own, and the output is a dense layer of logits instead of radial basis functions.
"""

from typing import Any

from trainer.models.blocks import conv_norm_relu
from trainer.models.shapes import refuse_others


def lenet5(layers: Any, input_shape: tuple[int, int, int], classes: int) -> Any:  # noqa: ANN401 - Keras or tf_keras
    """Build the model: 61,470 prunable weights for one channel and 10 classes.

    Args:
        layers: ``keras.layers`` or ``tf_keras.layers``.
        input_shape: 32x32 as in the paper, or 28x28, which the first convolution pads; any number of channels.
        classes: number of logits.

    Returns:
        Input and output of the network, for ``Model(input, output)``.

    Raises:
        UserError: another input shape.
    """
    refuse_others("lenet5", input_shape, ((28, 28), (32, 32)))
    source = layers.Input(input_shape, name="image")
    first_padding = "same" if input_shape[0] == 28 else "valid"
    x = conv_norm_relu(layers, source, 6, 5, "c1", padding=first_padding)
    x = layers.AveragePooling2D(2, name="s2")(x)
    x = conv_norm_relu(layers, x, 16, 5, "c3", padding="valid")
    x = layers.AveragePooling2D(2, name="s4")(x)
    x = conv_norm_relu(layers, x, 120, 5, "c5", padding="valid")
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(84, activation="relu", name="f6")(x)
    return source, layers.Dense(classes, name="logits")(x)
