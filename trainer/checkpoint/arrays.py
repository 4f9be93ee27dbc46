"""Tensors and masks as few, small arrays. Most elements of a sparse model are zeros, which take a bit each."""

from typing import Any

import numpy as np
import numpy.typing as npt

from trainer.tensors import Bool, Masks, Weights

Arrays = dict[str, npt.NDArray[np.generic]]
Shapes = list[list[int]]


def pack_tensors(name: str, tensors: Weights) -> Arrays:
    """Which words of all tensors are not zero, as bits, and those words; loses no bit of any float.

    Raises:
        TypeError: a tensor is not float32.
    """
    if any(tensor.dtype != np.float32 for tensor in tensors):
        raise TypeError(f"{name} holds tensors that are not float32")
    words = np.concatenate([np.zeros(0, np.uint32), *(np.ravel(tensor).view(np.uint32) for tensor in tensors)])
    return {f"{name}/where": np.packbits(words != 0), f"{name}/words": words[words != 0]}


def unpack_tensors(name: str, shapes: Shapes, arrays: Arrays) -> Weights:
    """The tensors that :func:`pack_tensors` took apart.

    Raises:
        KeyError: an array is missing.
        ValueError: the arrays do not fit the shapes.
    """
    sizes = [int(np.prod(shape, dtype=np.int64)) for shape in shapes]
    words = np.zeros(sum(sizes), np.uint32)
    words[_bits(arrays[f"{name}/where"], sum(sizes))] = arrays[f"{name}/words"]
    parts = np.split(words.view(np.float32), np.cumsum(sizes)[:-1])
    return tuple(part.reshape(shape).copy() for part, shape in zip(parts, shapes, strict=len(shapes) > 0))


def pack_masks(masks: tuple[Masks, ...]) -> tuple[dict[str, Any], Arrays]:
    """Every different mask once.

    Returns:
        Which mask each client has and which tensors each mask is of, for JSON; and the masks' bits.
    """
    distinct = {id(mask): mask for mask in masks}
    numbers = {key: number for number, key in enumerate(distinct)}
    described = {
        "of_client": [numbers[id(mask)] for mask in masks],
        "tensors": [[position for position, one in enumerate(mask) if one is not None] for mask in distinct.values()],
    }
    arrays: Arrays = {}
    for number, mask in enumerate(distinct.values()):
        flat = [np.zeros(0, np.bool_), *(one.ravel() for one in mask if one is not None)]
        arrays[f"masks/{number}"] = np.packbits(np.concatenate(flat))
    return described, arrays


def unpack_masks(described: dict[str, Any], shapes: Shapes, arrays: Arrays) -> tuple[Masks, ...]:
    """The masks that :func:`pack_masks` took apart; clients that shared one share one again.

    Raises:
        IndexError: a number is of nothing.
        KeyError: an array is missing.
        ValueError: the arrays do not fit the shapes.
    """
    distinct = [
        _unpack_mask(arrays[f"masks/{number}"], tensors, shapes) for number, tensors in enumerate(described["tensors"])
    ]
    return tuple(distinct[number] for number in described["of_client"])


def _unpack_mask(packed: npt.NDArray[np.generic], tensors: list[int], shapes: Shapes) -> Masks:
    sizes = [int(np.prod(shapes[tensor])) for tensor in tensors]
    parts = np.split(_bits(packed, sum(sizes)), np.cumsum(sizes)[:-1])
    found: dict[int, Bool] = {
        tensor: part.reshape(shapes[tensor]).copy() for tensor, part in zip(tensors, parts, strict=len(tensors) > 0)
    }
    return tuple(found.get(tensor) for tensor in range(len(shapes)))


def _bits(packed: npt.NDArray[np.generic], count: int) -> Bool:
    if packed.dtype != np.uint8 or packed.shape != ((count + 7) // 8,):
        raise ValueError(f"{packed.shape} {packed.dtype} for {count} bits")
    return np.unpackbits(packed.astype(np.uint8, copy=False), count=count).astype(np.bool_)
