"""DS-CNN, the keyword spotting network of MLPerf Tiny.

Y. Zhang, N. Suda, L. Lai, V. Chandra: "Hello Edge: Keyword Spotting on Microcontrollers", arXiv 1711.07128, 2017, in
the topology of C. Banbury et al.: "MLPerf Tiny Benchmark", NeurIPS 2021 Datasets and Benchmarks, arXiv 2106.07597,
without its dropout. Depthwise kernels are never pruned: nine weights each carry a whole channel.
"""

from typing import Any

from trainer.models.blocks import conv_norm_relu, normalise, pool_all
from trainer.models.shapes import refuse_smaller

CHANNELS = 64
BLOCKS = 4


def ds_cnn(layers: Any, input_shape: tuple[int, int, int], classes: int) -> Any:  # noqa: ANN401 - Keras or tf_keras
    """Build the model: 19,712 prunable weights for 49x10x1 features and 12 classes.

    Args:
        layers: ``keras.layers`` or ``tf_keras.layers``.
        input_shape: frames (at least 10), coefficients (at least 4) and channels.
        classes: number of logits.

    Returns:
        Input and output of the network, for ``Model(input, output)``.

    Raises:
        UserError: the input is too small.
    """
    refuse_smaller("ds_cnn", input_shape, 10, 4)
    source = layers.Input(input_shape, name="features")
    x = conv_norm_relu(layers, source, CHANNELS, (10, 4), "conv", strides=2)
    for block in range(1, BLOCKS + 1):
        depthwise = f"block{block}_depthwise"
        x = layers.DepthwiseConv2D(3, padding="same", use_bias=False, name=depthwise)(x)
        x = normalise(layers, x, f"{depthwise}_norm")
        x = layers.ReLU(name=f"{depthwise}_relu")(x)
        x = conv_norm_relu(layers, x, CHANNELS, 1, f"block{block}_pointwise")
    return source, layers.Dense(classes, name="logits")(pool_all(layers, x))
