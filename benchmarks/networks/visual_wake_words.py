"""MobileNetV1 0.25 for 96x96 images, as MLPerf Tiny's visual wake words, with a synthetic pattern of dead channels.

MLPerf Tiny's trained model is 82.8 % zero, mostly in dead channels; it is not at hand. Here 55 % of the channels of
every layer are dead, drawn at random: nothing is kept of what they compute, bias included, and of what reads them. Of
the other pointwise weights as many are zero, at random, as make 82.8 % in all.
"""

import numpy as np
import numpy.typing as npt

from benchmarks.networks.masks import MaskOf
from benchmarks.networks.pruned import PrunedNetwork

_STEM = 8
_BLOCKS = ((16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2), *[(128, 1)] * 5, (256, 2), (256, 1))
"""Channels and stride of each separable convolution."""
_CLASSES = 2
DEAD = 0.55
SPARSITY = 0.828


def visual_wake_words(seed: int = 0, mask: MaskOf | None = None) -> bytes:
    """The ``.tflite`` file; with dead channels unless another mask is given."""
    network = PrunedNetwork((96, 96, 3), mask or _dead_channels(seed), seed, dead_bias=mask is not None)
    x = network.conv(network.source, _STEM, 3, "stem", stride=2)
    for number, (channels, stride) in enumerate(_BLOCKS, start=1):
        x = network.depthwise(x, 3, f"block{number}_depthwise", stride=stride)
        x = network.conv(x, channels, 1, f"block{number}_pointwise")
    return network.classify(network.pool_all(x), _CLASSES, "logits")


def _dead_channels(seed: int) -> MaskOf:
    rng = np.random.default_rng(seed)
    masks = _live_channels(rng)
    pointwise = [name for name in masks if name.endswith("_pointwise")]
    spare = sum(int(mask.sum()) for mask in masks.values()) - round(
        (1 - SPARSITY) * sum(m.size for m in masks.values())
    )
    places = np.flatnonzero(np.concatenate([masks[name].ravel() for name in pointwise]))
    dropped = rng.choice(places, spare, replace=False)
    start = 0
    for name in pointwise:
        mask = masks[name]
        mask.ravel()[dropped[(dropped >= start) & (dropped < start + mask.size)] - start] = False
        start += mask.size
    return lambda name, _: masks[name]


def _live_channels(rng: np.random.Generator) -> dict[str, npt.NDArray[np.bool_]]:
    """Masks by layer, output channel first: all weights between live channels."""
    live = _draw(rng, _STEM)
    masks = {"stem": np.broadcast_to(live[:, None, None, None], (_STEM, 3, 3, 3)).copy()}
    for number, (channels, _) in enumerate(_BLOCKS, start=1):
        outputs = _draw(rng, channels)
        masks[f"block{number}_depthwise"] = np.broadcast_to(live[:, None, None, None], (len(live), 3, 3, 1)).copy()
        masks[f"block{number}_pointwise"] = (outputs[:, None] & live)[:, None, None, :]
        live = outputs
    masks["logits"] = np.broadcast_to(live, (_CLASSES, len(live))).copy()
    return masks


def _draw(rng: np.random.Generator, channels: int) -> npt.NDArray[np.bool_]:
    live = np.ones(channels, bool)
    live[rng.choice(channels, round(DEAD * channels), replace=False)] = False
    return live
