"""How many instructions a layer takes, by encoding: what the choice between them weighs against bytes.

One model with a table of coefficients for each kind of core. They are least-squares fits to exact counts of the runtime
on random layers (docs/encodings.md has the commands), off by 25 % at most there and mostly by less than 10 %. Cores
without a table of their own take the Cortex-M4's: other counts, in a similar order.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class _Costs:
    """Instructions.

    Attributes:
        kept: a kept weight from a list times eight output positions; stride 1, then others.
        live: eight output positions of a channel that has kept weights; likewise.
        output: an output.
        row: an output channel.
        listed: decoding into a list, by encoding: for each weight, for each kept one, a nibble of a gap, a layer.
        dots: kept weight times position, live channel times position, and a kept weight's decoding from gap8, where
            blocks of kept weights are multiplied with gathered inputs; None where the core never does.
        quad: with dense weights and several positions: a multiply-accumulate, an output, a position.
        dot: with one position, by encoding: for each weight, for each kept one, a nibble, a layer, a channel.
    """

    kept: tuple[float, float]
    live: tuple[float, float]
    output: float
    row: float
    listed: dict[str, tuple[float, float, float, float]]
    dots: tuple[float, float, float] | None
    quad: tuple[float, float, float]
    dot: dict[str, tuple[float, float, float, float, float]]


_M4 = _Costs(
    kept=(18.5, 18.5),
    live=(38.4, 38.4),
    output=6.0,
    row=300.0,
    listed={
        "dense": (1.6, 2.4, 0, 0),
        "gap8": (0, 11.3, 0, 0),
        "gap4": (0, 17.1, 19.8, 0),
        "entropy": (0, 74.2, 0, 3000),
    },
    dots=None,
    quad=(1.01, 23.2, 0),
    dot={
        "dense": (1.75, 0, 0, 0, 66.0),
        "gap8": (0, 8.0, 0, 0, 149.0),
        "gap4": (0, 7.5, 20.7, 0, 97.0),
        "entropy": (0, 67.5, 0, 3000, 213.0),
    },
)
_M55 = _Costs(
    kept=(5.1, 7.6),
    live=(28.9, 63.1),
    output=0,
    row=310.0,
    listed={
        "dense": (1.6, 2.4, 0, 0),
        "gap8": (0, 20.0, 0, 0),
        "gap4": (0, 19.0, 23.0, 0),
        "entropy": (0, 80.0, 0, 5000),
    },
    dots=(0.35, 12.4, 4.9),
    quad=(0.19, 9.1, 19.1),
    dot={
        "dense": (0.15, 0, 0, 0, 56.5),
        "gap8": (0, 8.0, 0, 0, 149.0),
        "gap4": (0, 9.6, 19.5, 0, 138.0),
        "entropy": (0, 69.4, 0, 180, 232.0),
    },
)
_COSTS = {"cortex-m55": _M55}
DEFAULT_CORE = "cortex-m4"


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
        dots: blocks of kept weights would run four positions at a time, on a core that does that.
        near: windows of neighbouring outputs are neighbours: stride 1.
    """

    channels: int
    live: int
    weights: int
    kept: int
    positions: int
    blocks: int
    dot: bool
    quad: bool
    dots: bool = False
    near: bool = True


def estimate(encoding: str, size: int, work: Workload, core: str = DEFAULT_CORE) -> int:
    """Instructions of one run of a layer whose weights take ``size`` bytes in the encoding of that name.

    Args:
        encoding: its name.
        size: bytes of weights.
        work: the layer.
        core: as GCC's ``-mcpu`` knows it.
    """
    costs = _COSTS.get(core, _M4)
    outputs = work.channels * work.positions
    all_weights, nibbles = work.channels * work.weights, 2 * (size - work.kept)
    if work.dot:
        weight, kept, nibble, layer, row = costs.dot[encoding]
        return round(weight * all_weights + kept * work.kept + nibble * nibbles + layer + row * work.channels)
    if encoding == "dense" and work.quad:
        mac, output, position = costs.quad
        return round(mac * outputs * work.weights + output * outputs + position * work.positions)
    weight, kept, nibble, layer = costs.listed[encoding]
    if costs.dots is not None and work.dots:
        product, live, gap8 = costs.dots
        kept = gap8 if encoding == "gap8" else kept
        walk = product * work.kept * work.positions + live * work.live * work.positions
    else:
        far = 0 if work.near else 1
        walk = (costs.kept[far] * work.kept + costs.live[far] * work.live) * work.blocks + costs.output * outputs
    listing = weight * all_weights + kept * work.kept + nibble * nibbles + layer
    return round(walk + costs.row * work.channels + listing)
