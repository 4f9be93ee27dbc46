"""Signed bytes in blocks, each with a float32 scale; docs/wire.md gives the layout to the bit."""

import numpy as np

from trainer.tensors import Float32
from trainer.wire.checks import check_finite, check_size
from trainer.wire.rounded import RoundedCodec

BLOCK = 128
"""Values that share a scale; the last block may have fewer."""

LARGEST = 127
_SCALE = np.dtype("<f4")
_SMALLEST_SCALE = np.finfo(np.float32).smallest_normal
"""Below it a block is written as zeros, so that processors that flush subnormal numbers agree."""


def payload_size(count: int) -> int:
    """Bytes of ``count`` values."""
    return count + _SCALE.itemsize * -(-count // BLOCK)


class Int8Rounding:
    """See :class:`trainer.wire.rounded.Rounding`; a block with a value that is not finite gets the scale NaN."""

    def write(self, values: Float32) -> bytes:
        """For each block its scale, then a byte for each of its values."""
        blocks = _blocks(values)
        scales = np.abs(blocks).max(axis=1) / np.float32(LARGEST)
        scales[scales < _SMALLEST_SCALE] = 0
        scales[~np.isfinite(scales)] = np.nan
        usable = scales > 0
        quotients = np.zeros_like(blocks)
        np.divide(blocks, scales[:, None], out=quotients, where=usable[:, None])
        steps = np.clip(np.rint(quotients), -LARGEST, LARGEST).astype(np.int8)
        rows = np.concatenate([scales.astype(_SCALE)[:, None].view(np.int8), steps], axis=1)
        return rows.tobytes()[: payload_size(len(values))]

    def read(self, payload: bytes, count: int) -> Float32:
        """Each byte times the scale of its block."""
        check_size(payload, payload_size(count), count, "int8")
        width = _SCALE.itemsize + BLOCK
        rows = np.frombuffer(payload.ljust(-(-count // BLOCK) * width, b"\0"), np.int8).reshape(-1, width)
        scales = rows[:, : _SCALE.itemsize].copy().view(_SCALE)[:, 0].astype(np.float32)
        steps = rows[:, _SCALE.itemsize :]
        _check_scales(scales)
        if len(bad := np.flatnonzero(steps < -LARGEST)):
            raise ValueError(f"the byte -128, which stands for nothing, at position {bad[0]},")
        with np.errstate(over="ignore"):
            return check_finite((steps * scales[:, None]).ravel()[:count])


def _blocks(values: Float32) -> Float32:
    """float32 (blocks, BLOCK), filled up with zeros."""
    padded = np.zeros(-(-len(values) // BLOCK) * BLOCK, np.float32)
    padded[: len(values)] = values
    return padded.reshape(-1, BLOCK)


def _check_scales(scales: Float32) -> None:
    if len(bad := np.flatnonzero(~np.isfinite(scales))):
        raise ValueError(f"{len(bad)} blocks of values that are not finite, the first is block {bad[0]},")
    wrong = np.signbit(scales) | ((scales > 0) & (scales < _SMALLEST_SCALE))
    if len(bad := np.flatnonzero(wrong)):
        raise ValueError(f"a scale of {scales[bad[0]]}, which is negative or too small, for block {bad[0]}")


INT8 = RoundedCodec(Int8Rounding())
