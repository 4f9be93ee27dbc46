"""How masks and gradients travel, for methods whose masks change; FedPaI itself never sends any."""

import numpy as np
import numpy.typing as npt

from trainer.tensors import Bool, Float32, Masks, TensorSpec

BITMAP, GAPS = 0, 1
_LONGEST = 255


def encode_masks(specs: tuple[TensorSpec, ...], masks: Masks) -> bytes:
    """The prunable tensors' masks, one after the other, as whichever is smaller.

    Returns:
        A byte that says which, then either one bit for each weight, the first of eight in the highest, or for each kept
        weight how many dropped ones lie between it and the one before: a byte below 255, behind as many bytes of
        255 as that number fits in.
    """
    bits = _bits(specs, masks)
    bitmap, gaps = np.packbits(bits).tobytes(), _gaps(bits)
    return bytes([GAPS]) + gaps if len(gaps) < len(bitmap) else bytes([BITMAP]) + bitmap


def decode_masks(specs: tuple[TensorSpec, ...], payload: bytes) -> Masks:
    """What :func:`encode_masks` wrote.

    Raises:
        ValueError: it has another size, or is of neither kind.
    """
    sizes = [spec.size for spec in specs if spec.prunable]
    bits = _read(payload[1:], sum(sizes), payload[0] if payload else -1)
    parts = iter(np.split(bits, np.cumsum(sizes)[:-1]))
    return tuple(next(parts).reshape(spec.shape) if spec.prunable else None for spec in specs)


def encode_chosen(positions: npt.NDArray[np.int64], values: Float32) -> bytes:
    """Some elements of all prunable tensors laid end to end: uint32 positions, then float32 values, little-endian."""
    return positions.astype("<u4").tobytes() + values.astype("<f4").tobytes()


def _bits(specs: tuple[TensorSpec, ...], masks: Masks) -> Bool:
    rows = zip(specs, masks, strict=True)
    return np.concatenate(
        [(np.ones(spec.shape, np.bool_) if mask is None else mask).ravel() for spec, mask in rows if spec.prunable]
    )


def _gaps(bits: Bool) -> bytes:
    gaps = np.diff(np.flatnonzero(bits), prepend=-1) - 1
    whole, rest = np.divmod(gaps, _LONGEST)
    line = np.full(int(whole.sum()) + len(gaps), _LONGEST, np.uint8)
    line[np.cumsum(whole + 1) - 1] = rest
    return line.tobytes()


def _read(line: bytes, count: int, kind: int) -> Bool:
    numbers = np.frombuffer(line, np.uint8)
    if kind == BITMAP and len(line) == -(-count // 8):
        return np.unpackbits(numbers, count=count).astype(np.bool_)
    ends = numbers < _LONGEST
    positions = (np.cumsum(numbers, dtype=np.int64) + np.cumsum(ends))[ends] - 1
    if kind != GAPS or (len(line) and not ends[-1]) or (len(positions) and positions[-1] >= count):
        raise ValueError(f"{len(line) + 1} bytes that are no masks of {count} weights")
    bits = np.zeros(count, np.bool_)
    bits[positions] = True
    return bits
