"""Cases of operators that only move elements; op_cases.py adds them to its table."""

from collections.abc import Callable, Sequence

import numpy as np
from op_specs import Rng, sparse
from tflite_builder import TfliteBuilder

Build = Callable[[TfliteBuilder, Rng], tuple[int, int]]
_NONE = (0, 0)


def _conv(builder: TfliteBuilder, rng: Rng, source: int, filters: int = 4, kernel: int = 3, **options: str) -> int:
    """A layer that gives a tensor a halo, or takes one that has."""
    weights = sparse(rng, (filters, kernel, kernel, builder.tensors[source].shape[3]), 0.5)
    return builder.conv(source, weights, list(rng.uniform(0.004, 0.01, filters)), None, (0.2, 1), **options)


def _pad(size: Sequence[int], *amounts: tuple[int, int]) -> Build:
    """PAD alone."""

    def build(builder: TfliteBuilder, _: Rng) -> tuple[int, int]:
        source = builder.activation((1, *size), 0.1, 9)
        return source, builder.pad(source, (_NONE, *amounts))

    return build


def _pad_between(builder: TfliteBuilder, rng: Rng) -> tuple[int, int]:
    """From planes with a halo into planes with another."""
    source = builder.activation((1, 5, 7, 3), 0.1, -4)
    x = _conv(builder, rng, _conv(builder, rng, source))
    x = builder.pad(x, (_NONE, (1, 2), (0, 1), (2, 1)))
    return source, _conv(builder, rng, builder.pool(_conv(builder, rng, x), "max", (2, 2)), kernel=5)


def _pad_folds(amounts: tuple[tuple[int, int], tuple[int, int]], padding: str, stride: int, kernel: int) -> Build:
    """PAD that only convolutions read."""

    def build(builder: TfliteBuilder, rng: Rng) -> tuple[int, int]:
        source = builder.activation((1, 9, 8, 3), 0.1, 7)
        x = builder.pad(source, (_NONE, *amounts, _NONE))
        weights = sparse(rng, (kernel, kernel, 3), 1.0)
        stride_2d = (stride, stride)
        return source, builder.depthwise(x, weights, [0.01], None, (0.2, 1), stride=stride_2d, padding=padding)

    return build


def _pad_two_readers(builder: TfliteBuilder, rng: Rng) -> tuple[int, int]:
    """One reader pads for itself, the other cannot."""
    source = builder.activation((1, 6, 8, 3), 0.1, 7)
    x = builder.pad(_conv(builder, rng, source), (_NONE, (1, 1), (1, 1), _NONE))
    one = _conv(builder, rng, x, padding="valid")
    other = builder.pool(x, "max", (3, 3), stride=(1, 1))
    builder.tensors[other].quantization.scale = builder.tensors[one].quantization.scale
    return source, builder.concatenation([one, other], 3)


def _concatenation(axis: int, *sizes: tuple[int, ...]) -> Build:
    """Convolutions of one input, cut to different sizes by pads, joined."""

    def build(builder: TfliteBuilder, rng: Rng) -> tuple[int, int]:
        source = builder.activation((1, 5, 7, 3), 0.2, 1)
        made = [_conv(builder, rng, source, filters=size[2]) for size in sizes]
        grown = (((0, a - 5), (0, b - 7)) for a, b, _ in sizes)
        padded = [builder.pad(x, (_NONE, *more, _NONE)) for x, more in zip(made, grown, strict=True)]
        return source, _conv(builder, rng, builder.concatenation([*padded, padded[0]], axis))

    return build


def _concatenation_of_input(builder: TfliteBuilder, _: Rng) -> tuple[int, int]:
    source = builder.activation((1, 3, 5, 2), 0.2, 1)
    return source, builder.concatenation([source, builder.pool(source, "max", (1, 1)), source], 3)


def _concatenation_of_vectors(builder: TfliteBuilder, rng: Rng) -> tuple[int, int]:
    source = builder.activation((1, 31), 0.2, 1)
    one = builder.fully_connected(source, sparse(rng, (7, 31), 0.5), [0.01], None, (0.2, 1))
    x = builder.concatenation([source, one, source], -1)
    return source, builder.fully_connected(x, sparse(rng, (5, 69), 0.5), [0.01], None, (0.4, 1))


def _squeeze_and_expand(builder: TfliteBuilder, rng: Rng) -> tuple[int, int]:
    """One-dimensional convolution as converters write it."""
    source = builder.activation((1, 31, 3), 0.2, 1)
    x = _conv(builder, rng, builder.expand_dims(source, 1), kernel=1)
    x = builder.squeeze(x, [1])
    x = builder.squeeze(builder.pool(builder.expand_dims(x, 1), "average", (1, 31)), [1, 2])
    return source, builder.fully_connected(x, sparse(rng, (5, 4), 1.0), [0.01], np.arange(5), (0.1, 1))


def _between(size: tuple[int, int, int], move: Callable[[TfliteBuilder, int], int]) -> Build:
    """An operator after one convolution and, where there are planes, before another."""

    def build(builder: TfliteBuilder, rng: Rng) -> tuple[int, int]:
        source = builder.activation((1, *size), 0.2, -3)
        x = move(builder, _conv(builder, rng, source, filters=size[2]))
        return source, _conv(builder, rng, x) if len(builder.tensors[x].shape) == 4 else x

    return build


def _slice(shape: Sequence[int], begin: str, end: str, strides: str, masks: tuple[int, int, int] = (0, 0, 0)) -> Build:
    """STRIDED_SLICE of 7x9x5 channels; numbers are separated by spaces."""
    begins, ends, steps = ([int(word) for word in text.split()] for text in (begin, end, strides))
    return _between((7, 9, 5), lambda builder, x: builder.strided_slice(x, begins, ends, steps, shape, masks=masks))


def _transpose(size: tuple[int, int, int], *order: int) -> Build:
    return _between(size, lambda builder, x: builder.transpose(x, order))


def _resize(size: tuple[int, int, int], wanted: tuple[int, int], **modes: bool) -> Build:
    return _between(size, lambda builder, x: builder.resize_nearest(x, wanted, **modes))


def _transpose_input(builder: TfliteBuilder, _: Rng) -> tuple[int, int]:
    source = builder.activation((1, 7, 5), 0.2, 1)
    return source, builder.transpose(source, (0, 2, 1))


SHAPES: dict[str, Build] = {
    "strided_slice_crop": _slice((1, 4, 6, 3), "0 2 1 1", "1 6 7 4", "1 1 1 1"),
    "strided_slice_steps": _slice((1, 4, 3, 3), "0 0 1 0", "1 7 9 5", "1 2 3 2"),
    "strided_slice_backwards": _slice((1, 4, 9, 2), "0 6 8 -1", "0 0 0 1", "1 -2 -1 -2", (5, 7, 0)),
    "strided_slice_ends_beyond": _slice((1, 5, 9, 5), "0 -5 -99 0", "1 99 99 99", "1 1 1 1"),
    "strided_slice_one_row": _slice((1, 9, 5), "0 3 0 0", "1 4 9 5", "1 1 1 1", (0, 0, 2)),
    "strided_slice_one_channel": _slice((1, 7, 9), "0 0 0 -1", "1 7 9 0", "1 1 1 1", (0, 0, 8)),
    "strided_slice_one_pixel": _slice((1, 5), "0 -1 2 0", "1 0 3 0", "1 1 1 1", (0, 8, 6)),
    "transpose_channels_first": _transpose((7, 9, 5), 0, 3, 1, 2),
    "transpose_rows_and_columns": _transpose((7, 9, 5), 0, 2, 1, 3),
    "transpose_channels_between": _transpose((7, 9, 5), 0, 1, 3, 2),
    "transpose_reversed": _transpose((7, 9, 5), 0, 3, 2, 1),
    "transpose_input": _transpose_input,
    "resize_nearest_2x": _resize((5, 7, 3), (10, 14)),
    "resize_nearest_3x1": _resize((5, 7, 3), (15, 7)),
    "resize_nearest_down": _resize((6, 8, 3), (3, 2)),
    "resize_nearest_2x_half_pixels": _resize((5, 7, 3), (10, 14), half=True),
    "resize_nearest_aligned": _resize((3, 4, 3), (5, 7), align=True),
    "resize_nearest_fraction": _resize((5, 4, 3), (7, 6)),
    "pad_all_around": _pad((5, 7, 3), (1, 2), (3, 0), _NONE),
    "pad_channels": _pad((5, 7, 3), _NONE, (0, 1), (2, 3)),
    "pad_nothing": _pad((5, 7, 3), _NONE, _NONE, _NONE),
    "pad_vector": _pad((13,), (2, 4)),
    "pad_between": _pad_between,
    "pad_folds_into_stride_2": _pad_folds(((0, 1), (0, 1)), "valid", 2, 3),
    "pad_folds_leftover": _pad_folds(((3, 4), (1, 2)), "valid", 3, 3),
    "pad_folds_window_in_padding": _pad_folds(((7, 0), (0, 9)), "valid", 2, 3),
    "pad_folds_into_same": _pad_folds(((1, 1), (2, 1)), "same", 2, 5),
    "pad_two_readers": _pad_two_readers,
    "concatenation_channels": _concatenation(3, (5, 7, 4), (5, 7, 1), (5, 7, 6)),
    "concatenation_rows": _concatenation(1, (5, 7, 3), (8, 7, 3)),
    "concatenation_columns": _concatenation(2, (5, 7, 3), (5, 9, 3), (5, 8, 3)),
    "concatenation_last_axis": _concatenation(-1, (5, 7, 2), (5, 7, 3)),
    "concatenation_of_input": _concatenation_of_input,
    "concatenation_of_vectors": _concatenation_of_vectors,
    "squeeze_and_expand": _squeeze_and_expand,
}
