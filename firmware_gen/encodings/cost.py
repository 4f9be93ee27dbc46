"""How many instructions a layer takes on a Cortex-M4, by encoding: what the choice between them weighs against bytes.

Coefficients are least-squares fits to exact counts of the runtime on random layers (docs/encodings.md has the command);
they are off by 20 % at most there, and mostly by less than 5 %. Other cores take other counts in a similar order.
"""

from dataclasses import dataclass

_LIST_KEPT_BLOCK = 18.5  # a kept weight times eight positions
_LIST_LIVE_BLOCK = 38.4  # eight positions of a channel that has kept weights
_OUTPUT = 6.0
_ROW = 300.0
_QUAD_MAC, _QUAD_OUTPUT = 1.01, 23.2
_DOT_DENSE_WEIGHT, _DOT_DENSE_ROW = 1.75, 66.0
_DOT_ROW = {"gap8": 149.0, "gap4": 97.0, "entropy": 213.0}


@dataclass(frozen=True)
class Workload:
    """What a layer's instructions depend on.

    Attributes:
        channels: output channels.
        live: of those, with kept weights.
        weights: a channel, zeros included.
        kept: of the layer.
        positions: outputs a channel.
        blocks: of eight positions, as the kernel cuts them.
        dot: one position over contiguous input.
        quad: dense weights would run four positions at a time.
    """

    channels: int
    live: int
    weights: int
    kept: int
    positions: int
    blocks: int
    dot: bool
    quad: bool


def estimate(encoding: str, size: int, work: Workload) -> int:
    """Instructions of one run of a layer whose weights take ``size`` bytes in the encoding of that name."""
    if work.dot:
        return round(_dot(encoding, size, work))
    outputs = work.channels * work.positions
    if encoding == "dense" and work.quad:
        return round(_QUAD_MAC * outputs * work.weights + _QUAD_OUTPUT * outputs)
    walk = _LIST_KEPT_BLOCK * work.kept * work.blocks + _LIST_LIVE_BLOCK * work.live * work.blocks
    return round(walk + _OUTPUT * outputs + _ROW * work.channels + _listing(encoding, size, work))


def _listing(encoding: str, size: int, work: Workload) -> float:
    """Decoding all rows into lists of taps."""
    if encoding == "dense":
        return 1.6 * work.channels * work.weights + 2.4 * work.kept
    if encoding == "gap8":
        return 11.3 * work.kept
    if encoding == "gap4":
        return 17.1 * work.kept + 19.8 * 2 * (size - work.kept)
    return 74.2 * work.kept + 3000


def _dot(encoding: str, size: int, work: Workload) -> float:
    if encoding == "dense":
        return _DOT_DENSE_WEIGHT * work.channels * work.weights + _DOT_DENSE_ROW * work.channels
    rows = _DOT_ROW[encoding] * work.channels
    if encoding == "gap8":
        return rows + 8.0 * work.kept
    if encoding == "gap4":
        return rows + 7.5 * work.kept + 20.7 * 2 * (size - work.kept)
    return rows + 67.5 * work.kept + 3000
