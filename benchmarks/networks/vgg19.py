"""VGG19 for 32x32 images with folded normalisation: 20 M weights, 398 M multiply-accumulates when dense.

Layers have the names that ``trainer.models.vgg19`` gives them, so its masks fit.
"""

from benchmarks.networks.masks import MaskOf
from benchmarks.networks.pruned import PrunedNetwork

_STAGES = ((64, 2), (128, 2), (256, 4), (512, 4), (512, 4))
"""Channels and number of 3x3 convolutions of each; a pool ends it."""


def vgg19(mask: MaskOf, seed: int = 0, *, classes: int = 10, dead_bias: bool = True) -> bytes:
    """The ``.tflite`` file under a mask; ``dead_bias`` as :class:`PrunedNetwork` has it."""
    network = PrunedNetwork((32, 32, 3), mask, seed, dead_bias=dead_bias)
    x = network.source
    for stage, (channels, convolutions) in enumerate(_STAGES, start=1):
        for position in range(1, convolutions + 1):
            x = network.conv(x, channels, 3, f"stage{stage}_conv{position}")
        x = network.max_pool(x)
    return network.classify(x, classes, "logits")
