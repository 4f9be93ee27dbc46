"""ResNet8 for 32x32 images, the shape of MLPerf Tiny's: 77 k weights, 12.5 M multiply-accumulates when dense."""

from benchmarks.networks.masks import MaskOf
from benchmarks.networks.pruned import PrunedNetwork

_STAGES = (16, 32, 64)


def resnet8(mask: MaskOf, seed: int = 0, classes: int = 10) -> bytes:
    """The ``.tflite`` file under a mask."""
    network = PrunedNetwork((32, 32, 3), mask, seed)
    x = network.conv(network.source, _STAGES[0], 3, "stem")
    for stage, channels in enumerate(_STAGES, start=1):
        stride = 1 if stage == 1 else 2
        name = f"stage{stage}"
        y = network.conv(x, channels, 3, f"{name}_conv1", stride=stride)
        y = network.conv(y, channels, 3, f"{name}_conv2", relu=False)
        if stride != 1:
            x = network.conv(x, channels, 1, f"{name}_shortcut", stride=stride, relu=False)
        x = network.add(x, y, f"{name}_add")
    return network.classify(network.pool_all(x), classes, "logits")
