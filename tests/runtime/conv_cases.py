"""The table of convolution geometries that every build of the runtime is held against."""

from typing import Any

from runtime_layers import Geometry
from runtime_structs import ENCODING_DENSE, ENCODING_ENTROPY, ENCODING_GAP4

SAME = (1, 1, 1, 1)


def dense(name: str, channels: tuple[int, int], size: tuple[int, int], **options: Any) -> Geometry:
    return Geometry(f"dense: {name}", channels, size, **{"density": 1.0, "encoding": ENCODING_DENSE, **options})


# Rows of any number of weights; input channels and positions that are a multiple of four, and others.
DENSE_GEOMETRIES = [
    dense("3x3, 27 weights", (3, 8), (8, 8), padding=SAME, out_halo=SAME),
    dense("3x3, 36 weights", (4, 5), (7, 9), padding=SAME),
    dense("3x3, 45 weights", (5, 4), (5, 5), padding=SAME, out_halo=SAME, stride=(2, 2)),
    dense("3x3, 63 weights", (7, 6), (6, 5), padding=SAME, out_halo=(2, 2, 2, 2)),
    dense("3x3, 144 weights", (16, 16), (8, 8), padding=SAME, out_halo=SAME),
    dense("one weight a channel", (7, 5), (3, 5), kernel=(1, 1)),
    dense("one weight a channel, four channels", (4, 4), (2, 2), kernel=(1, 1), out_halo=SAME),
    dense("one weight a channel, few channels", (3, 5), (3, 3), kernel=(1, 1)),
    dense("two positions", (9, 5), (3, 4), kernel=(3, 3), activation=(-90, 70)),
    dense("three positions", (2, 5), (5, 1), kernel=(3, 1), per_channel=False),
    dense("one channel, 10x4", (1, 8), (13, 7), kernel=(10, 4), stride=(2, 2)),
    dense("one channel, 5x1", (1, 8), (9, 3), kernel=(5, 1), stride=(3, 3)),
    dense("dilated", (6, 7), (9, 11), padding=(2, 2, 2, 2), dilation=(2, 2), per_channel=False),
    dense("two groups", (10, 8), (5, 6), padding=SAME, groups=2),
    dense("groups of few filters", (6, 6), (5, 6), padding=SAME, groups=3),
    dense("half zeros", (9, 7), (5, 7), padding=SAME, density=0.5, activation=(11, 127)),
    dense("zero points at the ends", (5, 7), (4, 4), padding=SAME, zero_points=(-128, 127)),
    dense("zero points at the other ends", (5, 7), (4, 4), padding=SAME, zero_points=(127, -128)),
    dense("left shifts", (5, 9), (4, 4), padding=SAME, shifts=(0, 7)),
    dense("all short shifts", (3, 41), (4, 5), padding=SAME, shifts=(-22, -1), bias_limit=1 << 20),
    dense("bias at the short form's edge", (2, 31), (5, 3), shifts=(-12, -9), bias_limit=(1 << 30) - 700_000),
    dense("bias past the short form's edge", (2, 31), (5, 3), shifts=(-12, -9), bias_limit=(1 << 31) - 700_000),
]

# Planes that are computed two rows at a time, and others that nearly are.
SMALL_GEOMETRIES = [
    Geometry(f"small: {name}", (13, 9), size, **{"padding": SAME, "density": 0.2, **options})
    for name, size, options in (
        ("4x4", (4, 4), {"out_halo": SAME}),
        ("4x4, no halo behind", (4, 4), {}),
        ("4x4, clamped", (4, 4), {"out_halo": (2, 2, 2, 2), "activation": (-70, 60)}),
        ("4x4, larger halo", (4, 4), {"in_halo": (2, 2, 2, 2), "out_halo": SAME}),
        ("4x4, 1x1", (4, 4), {"kernel": (1, 1), "padding": (0, 0, 0, 0), "in_halo": SAME, "out_halo": SAME}),
        ("five rows of four", (5, 4), {"out_halo": SAME}),
        ("two rows of four", (2, 4), {"out_halo": SAME}),
        ("one row of four", (1, 4), {"out_halo": SAME}),
        ("4x4 of 8x8", (8, 8), {"stride": (2, 2), "padding": (0, 1, 0, 1), "out_halo": SAME}),
        ("4x4 of 7x8", (7, 8), {"stride": (2, 2), "padding": (1, 1, 1, 0), "in_halo": SAME}),
        ("five rows of four of 10x8", (10, 8), {"stride": (2, 2), "padding": (0, 1, 0, 1)}),
        ("4x4, 1x1 of 8x8", (8, 8), {"kernel": (1, 1), "stride": (2, 2), "padding": (0, 0, 0, 0), "in_halo": SAME}),
        ("2x2", (2, 2), {"out_halo": SAME}),
        ("2x2, no halo behind", (2, 2), {"activation": (-70, 60)}),
        ("three rows of two", (3, 2), {"out_halo": SAME}),
        ("one row of two", (1, 2), {"out_halo": SAME}),
        ("2x2 of 4x4", (4, 4), {"stride": (2, 2), "padding": (0, 1, 0, 1), "out_halo": SAME}),
        ("every weight", (4, 4), {"density": 1.0, "out_halo": SAME}),
    )
]

# Convolutions, dot products and groups whose rows are coded in one piece.
CODED_GEOMETRIES = [
    Geometry(f"{name}: {what}", channels, size, encoding=encoding, **options)
    for name, encoding in (("gap4", ENCODING_GAP4), ("entropy", ENCODING_ENTROPY))
    for what, channels, size, options in (
        ("same", (5, 7), (9, 11), {"padding": SAME, "out_halo": SAME, "density": 0.3}),
        ("2 %", (31, 29), (9, 9), {"padding": SAME, "out_halo": SAME, "density": 0.02}),
        ("dead channels", (3, 31), (9, 9), {"padding": SAME, "density": 0.02}),
        ("long gaps", (97, 5), (5, 9), {"padding": SAME, "density": 0.003}),
        ("depthwise", (7, 7), (9, 13), {"padding": SAME, "groups": 7, "density": 0.9}),
        ("three groups", (6, 9), (5, 7), {"padding": SAME, "groups": 3}),
        ("all weights", (5, 7), (5, 9), {"padding": SAME, "density": 1.0}),
        ("no weight", (5, 7), (5, 9), {"padding": SAME, "density": 0.0}),
        ("fully connected", (97, 23), (4, 5), {"kernel": (4, 5), "density": 0.004}),
        ("fully connected, many", (31, 10), (1, 1), {"kernel": (1, 1), "per_channel": False}),
        ("fully connected, none", (31, 10), (1, 1), {"kernel": (1, 1), "density": 0.0}),
    )
]

GEOMETRIES = [
    Geometry("same halo on both sides", (5, 7), (13, 17), padding=SAME, out_halo=SAME),
    Geometry("valid", (3, 5), (11, 19)),
    Geometry("same in, none out", (3, 4), (7, 16), padding=SAME),
    Geometry("wider halo out", (3, 4), (7, 11), padding=SAME, out_halo=(2, 2, 3, 1)),
    Geometry("wider halo in", (3, 4), (9, 11), padding=SAME, in_halo=(2, 3, 2, 1), out_halo=SAME),
    Geometry("four columns, full rows", (7, 5), (4, 4), padding=SAME, out_halo=SAME, density=0.2),
    Geometry("four columns, no halo out", (7, 5), (4, 4), padding=SAME, density=0.2),
    Geometry("two by two", (5, 6), (2, 2), padding=SAME, out_halo=SAME),
    Geometry("one row", (5, 6), (1, 29), (1, 5), padding=(0, 0, 2, 2), out_halo=(0, 0, 1, 1)),
    Geometry("one column", (5, 6), (29, 1), (5, 1), padding=(2, 2, 0, 0)),
    Geometry("1x1", (11, 13), (7, 7), (1, 1), density=0.3),
    Geometry("1x1, halo out", (11, 13), (25, 5), (1, 1), out_halo=SAME, density=0.3),
    Geometry("1x1 with halos", (11, 13), (7, 7), (1, 1), in_halo=SAME, out_halo=SAME),
    Geometry("stride 2 even", (5, 7), (16, 32), padding=(0, 1, 0, 1), stride=(2, 2), out_halo=SAME),
    Geometry("stride 2 odd", (5, 7), (13, 23), padding=SAME, stride=(2, 2), out_halo=(0, 1, 0, 1)),
    Geometry("stride 2 narrow", (5, 7), (5, 5), padding=SAME, stride=(2, 2)),
    Geometry("stride 3", (5, 7), (13, 23), padding=SAME, stride=(3, 3), out_halo=SAME),
    Geometry("stride 1x2", (3, 5), (11, 37), padding=SAME, stride=(1, 2)),
    Geometry("stride 2x1", (3, 5), (11, 37), padding=SAME, stride=(2, 1), out_halo=SAME),
    Geometry("dilated", (3, 5), (17, 19), padding=(2, 2, 2, 2), dilation=(2, 2), out_halo=(2, 2, 2, 2)),
    Geometry("dilated unevenly", (3, 5), (17, 19), padding=(3, 3, 2, 2), dilation=(3, 2)),
    Geometry("uneven padding", (3, 5), (9, 10), (4, 2), padding=(1, 2, 0, 1), out_halo=(1, 2, 0, 1)),
    Geometry("5x7 kernel", (2, 3), (11, 13), (5, 7), padding=(2, 2, 3, 3), out_halo=(2, 2, 3, 3), density=0.1),
    Geometry("fully connected", (7, 19), (3, 5), (3, 5), density=0.1),
    Geometry("fully connected, flat", (251, 10), (1, 1), (1, 1), encoding=ENCODING_DENSE),
    Geometry("fully connected, per tensor", (40, 10), (4, 4), (4, 4), density=0.02, per_channel=False),
    Geometry("fully connected, few weights", (29, 31), (4, 4), (4, 4), density=0.02, out_halo=SAME),
    Geometry("fully connected, long gaps", (97, 23), (4, 5), (4, 5), density=0.004),
    Geometry("fully connected, all weights", (7, 11), (3, 3), (3, 3), density=1.0, per_channel=False),
    Geometry("fully connected, no weight", (7, 11), (3, 3), (3, 3), density=0.0, activation=(-90, 90)),
    Geometry("fully connected, dense", (7, 11), (3, 5), (3, 5), density=0.9, encoding=ENCODING_DENSE),
    Geometry("fully connected, dense, short", (13, 3), (1, 1), (1, 1), encoding=ENCODING_DENSE, bias_limit=1 << 30),
    Geometry("fully connected, one input", (1, 5), (1, 1), (1, 1), density=1.0),
    Geometry("fully connected, halo between channels", (7, 11), (3, 5), (3, 5), in_halo=(0, 1, 0, 0)),
    Geometry("fully connected, halo between rows", (1, 11), (3, 5), (3, 5), in_halo=(0, 0, 0, 1)),
    Geometry("fully connected, dilation without effect", (41, 5), (1, 1), (1, 1), dilation=(3, 2)),
    Geometry("one window, one channel", (1, 6), (1, 7), (1, 5), stride=(3, 3)),
    Geometry("one window, two channels", (2, 6), (1, 7), (1, 5), stride=(3, 3)),
    Geometry("one window, short rows", (1, 6), (3, 7), (3, 5), stride=(3, 3)),
    Geometry("one window, dilated rows", (1, 6), (5, 3), (3, 3), dilation=(2, 1)),
    Geometry("one window, dilated columns", (1, 6), (1, 9), (1, 5), dilation=(1, 2)),
    Geometry("one window, in the halo", (1, 6), (1, 3), (1, 5), padding=(0, 0, 1, 1)),
    Geometry("two outputs of a contiguous row", (1, 6), (1, 6), (1, 5)),
    Geometry("two outputs of a contiguous column", (1, 6), (6, 1), (5, 1)),
    Geometry("per tensor", (5, 7), (13, 17), padding=SAME, out_halo=SAME, per_channel=False),
    Geometry("dense encoding", (5, 7), (13, 17), padding=SAME, out_halo=SAME, encoding=ENCODING_DENSE),
    Geometry("dense encoding, few weights", (5, 7), (9, 9), padding=SAME, density=0.02, encoding=ENCODING_DENSE),
    Geometry("no weight", (5, 7), (13, 17), padding=SAME, out_halo=SAME, density=0.0),
    Geometry("2 %", (31, 29), (9, 9), padding=SAME, out_halo=SAME, density=0.02),
    Geometry("all weights", (5, 7), (9, 9), padding=SAME, out_halo=SAME, density=1.0),
    Geometry("dead channels", (3, 31), (9, 9), padding=SAME, out_halo=SAME, density=0.02),
    Geometry("long gaps", (97, 5), (5, 9), padding=SAME, density=0.003),
    Geometry("three groups", (6, 9), (9, 11), padding=SAME, out_halo=SAME, groups=3),
    Geometry("depthwise", (7, 7), (9, 13), padding=SAME, out_halo=SAME, groups=7, density=0.9),
    Geometry(
        "depthwise, two for each", (5, 10), (9, 13), padding=SAME, stride=(2, 2), groups=5, encoding=ENCODING_DENSE
    ),
    Geometry("depthwise, one position", (6, 6), (5, 4), (5, 4), groups=6),
    Geometry("relu", (5, 7), (9, 9), padding=SAME, out_halo=SAME, activation=(11, 127)),
    Geometry("narrow activation", (5, 7), (9, 19), padding=SAME, activation=(-20, 60)),
    Geometry("zero points at the ends", (5, 7), (9, 9), padding=SAME, out_halo=SAME, zero_points=(-128, 127)),
    Geometry("zero points at the other ends", (5, 7), (9, 9), padding=SAME, zero_points=(127, -128)),
    Geometry("left shifts", (2, 9), (9, 9), padding=SAME, shifts=(0, 7)),
    Geometry("all shifts", (3, 61), (5, 9), padding=SAME, shifts=(-31, 7), bias_limit=1 << 20),
    Geometry("huge bias", (2, 31), (5, 9), padding=SAME, shifts=(-23, -18), bias_limit=(1 << 31) - 500_000),
    Geometry("bias at the short form's edge", (2, 31), (5, 9), padding=SAME, shifts=(-24, -20), bias_limit=1 << 30),
    *SMALL_GEOMETRIES,
    *DENSE_GEOMETRIES,
    *CODED_GEOMETRIES,
]
