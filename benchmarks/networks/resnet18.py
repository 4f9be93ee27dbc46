"""ResNet18 for 32x32 images with folded normalisation: 11.2 M weights, 555 M multiply-accumulates when dense.

Layers have the names that ``trainer.models.resnet18`` gives them, so its masks fit.
"""

from benchmarks.networks.masks import MaskOf
from benchmarks.networks.pruned import Activation, PrunedNetwork

_STAGES = (64, 128, 256, 512)
_BLOCKS = 2


def resnet18(mask: MaskOf, seed: int = 0, *, classes: int = 10, dead_bias: bool = True) -> bytes:
    """The ``.tflite`` file under a mask; ``dead_bias`` as :class:`PrunedNetwork` has it."""
    network = PrunedNetwork((32, 32, 3), mask, seed, dead_bias=dead_bias)
    x = network.conv(network.source, _STAGES[0], 3, "stem")
    for stage, channels in enumerate(_STAGES, start=1):
        for block in range(1, _BLOCKS + 1):
            stride = 2 if stage > 1 and block == 1 else 1
            x = _block(network, x, channels, stride, f"stage{stage}_block{block}")
    return network.classify(network.pool_all(x), classes, "logits")


def _block(network: PrunedNetwork, x: Activation, channels: int, stride: int, name: str) -> Activation:
    y = network.conv(x, channels, 3, f"{name}_conv1", stride=stride)
    y = network.conv(y, channels, 3, f"{name}_conv2", relu=False)
    if stride != 1:
        x = network.conv(x, channels, 1, f"{name}_shortcut", stride=stride, relu=False)
    return network.add(x, y, f"{name}_add")
