"""The network of the benchmark: 38,282 weights."""

from typing import Any


def bench_net(layers: Any, input_shape: tuple[int, int, int], classes: int) -> Any:  # noqa: ANN401 - Keras layers
    """Two 3x3 convolutions, one 2x2 pooling, two dense layers."""
    source = layers.Input(input_shape, name="image")
    x = layers.Conv2D(16, 3, padding="same", activation="relu", name="conv1")(source)
    x = layers.Conv2D(32, 3, padding="same", activation="relu", name="conv2")(x)
    x = layers.MaxPooling2D(2, name="pool")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(64, activation="relu", name="dense")(x)
    return source, layers.Dense(classes, name="logits")(x)
