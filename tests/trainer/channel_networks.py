"""Networks with every way in which channels travel, random masks and weights for them, one step of masked SGD."""

import sys
from typing import Any

import numpy as np

from trainer.models import MODELS
from trainer.models.network import Network, build_network
from trainer.tensors import Masks, Role, Weights

CLASSES = 5
SMALL = (8, 8, 2)


def concatenated(layers: Any, input_shape: tuple[int, int, int], classes: int) -> tuple[Any, Any]:
    """A sum of a concatenation and a convolution: one stream, three writers with channels of different positions."""
    source = layers.Input(input_shape, name="source")
    left = layers.Conv2D(6, 3, padding="same", activation="tanh", name="left")(source)
    right = layers.Conv2D(5, 1, use_bias=False, name="right")(source)
    right = layers.BatchNormalization(scale=False, name="right_norm")(right)
    both = layers.Concatenate(name="both")([left, right])
    wide = layers.Conv2D(11, 3, padding="same", name="wide")(source)
    x = layers.Add(name="sum")([both, wide])
    x = layers.LeakyReLU(0.2, name="leaky")(x)
    x = layers.Conv2D(7, 3, strides=2, padding="same", activation="relu", name="after")(x)
    again = layers.Conv2D(4, 1, name="again")(left)
    x = layers.Concatenate(name="ends")(
        [layers.GlobalMaxPooling2D(name="g1")(x), layers.GlobalMaxPooling2D(name="g2")(again)]
    )
    return source, layers.Dense(classes, name="logits")(x)


def flattened(layers: Any, input_shape: tuple[int, int, int], classes: int) -> tuple[Any, Any]:
    """Flatten with a normalisation behind it, a reshape, a depthwise convolution with two outputs per channel."""
    source = layers.Input(input_shape, name="source")
    x = layers.ZeroPadding2D(1, name="zeros")(source)
    x = layers.Conv2D(9, 3, strides=2, name="conv")(x)
    x = layers.DepthwiseConv2D(3, depth_multiplier=2, padding="same", name="depthwise")(x)
    x = layers.BatchNormalization(center=False, name="norm")(x)
    x = layers.Activation("relu6", name="relu6")(x)
    x = layers.Conv2D(8, 1, name="point")(x)
    x = layers.AveragePooling2D(2, name="pool")(x)
    x = layers.Reshape((2, 16), name="rows")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.BatchNormalization(name="flat_norm")(x)
    x = layers.Dense(24, activation="silu", name="hidden")(x)
    return source, layers.Dense(classes, name="logits")(x)


def gated(layers: Any, input_shape: tuple[int, int, int], classes: int) -> tuple[Any, Any]:
    """Activations that make something of nothing: a sigmoid behind one layer, a softmax behind another."""
    source = layers.Input(input_shape, name="source")
    x = layers.Conv2D(8, 3, activation="sigmoid", name="sigmoid_conv")(source)
    x = layers.Conv2D(8, 3, name="softmax_conv")(x)
    x = layers.Softmax(name="softmax")(x)
    x = layers.Conv2D(8, 3, activation="relu", name="plain")(x)
    return source, layers.Dense(classes, name="logits")(layers.Flatten(name="flatten")(x))


def narrow_vgg19(layers: Any, input_shape: tuple[int, int, int], classes: int) -> tuple[Any, Any]:
    """VGG19 with all its layers and a fraction of its channels."""
    module: Any = sys.modules["trainer.models.vgg19"]
    stages = module.STAGES
    module.STAGES = tuple((channels // 16, convolutions) for channels, convolutions in stages)
    try:
        return MODELS.get("vgg19")(layers, input_shape, classes)
    finally:
        module.STAGES = stages


BUILDERS = {"concatenated": concatenated, "flattened": flattened, "gated": gated, "vgg19": narrow_vgg19}
SHAPES = {"lenet5": (28, 28, 1), "resnet8": (16, 16, 3), "ds_cnn": (20, 10, 1), "vgg19": (32, 32, 3)}
NAMES = ("concatenated", "flattened", "gated", *SHAPES)


def make(name: str) -> Network:
    return build_network(BUILDERS.get(name) or MODELS.get(name), SHAPES.get(name, SMALL), CLASSES)


def random_masks(network: Network, density: float, seed: int) -> Masks:
    random = np.random.default_rng(seed)
    return tuple(random.random(spec.shape) < density if spec.prunable else None for spec in network.specs)


def random_weights(network: Network, masks: Masks, seed: int) -> Weights:
    """Every tensor away from its start, kernels such that signals keep their size; start where masks drop."""
    random = np.random.default_rng(seed)
    weights = []
    for spec, mask in zip(network.specs, masks, strict=True):
        if spec.role in (Role.SCALE, Role.VARIANCE):
            value = random.uniform(0.5, 1.5, spec.shape)
        elif spec.role in (Role.BIAS, Role.MEAN):
            value = random.normal(0, 0.3, spec.shape)
        else:
            kept = spec.size if mask is None else max(1, np.count_nonzero(mask))
            value = random.normal(0, np.sqrt(2 * spec.size / kept / spec.fan_in), spec.shape)
        weights.append((value if mask is None else np.where(mask, value, spec.start)).astype(np.float32))
    return tuple(weights)


def sgd_step(network: Network, weights: Weights, masks: Masks, x: Any, y: Any) -> Weights:
    """One masked step with TensorFlow: cross-entropy, rate 0.05; statistics of dropped channels stay."""
    import tensorflow as tf

    trained = [tf.constant(weight) for weight in weights[: network.trained]]
    statistics = [tf.constant(weight) for weight in weights[network.trained :]]
    with tf.GradientTape() as tape:
        tape.watch(trained)
        logits, moved = network.forward([*trained, *statistics], x)
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(y, logits))
    gradients = tape.gradient(loss, trained)
    after = [weight - 0.05 * gradient for weight, gradient in zip(trained, gradients, strict=True)] + moved
    return tuple(
        new.numpy() if mask is None else np.where(mask, new.numpy(), old)
        for new, old, mask in zip(after, weights, masks, strict=True)
    )
