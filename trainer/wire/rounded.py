"""Encodings that round: values down the line, differences with error feedback up."""

from typing import Protocol

import numpy as np

from trainer.tensors import Float32
from trainer.wire.checks import check_finite


class Rounding(Protocol):
    """One way to write numbers in fewer bits."""

    def write(self, values: Float32) -> bytes:
        """The payload; numbers it cannot carry are marked so that :meth:`read` refuses them."""

    def read(self, payload: bytes, count: int) -> Float32:
        """Finite float32 (count,).

        Raises:
            ValueError: wrong size, or marked numbers.
        """


class RoundedCodec:
    """See :class:`trainer.wire.codec.Codec`.

    Args:
        rounding: how numbers are written.
    """

    def __init__(self, rounding: Rounding) -> None:
        self._rounding = rounding

    def encode_values(self, values: Float32) -> bytes:
        """The values, rounded afresh in every round: the server keeps them unrounded, so nothing accumulates."""
        payload = self._rounding.write(check_finite(values))
        self._rounding.read(payload, len(values))
        return payload

    def decode_values(self, payload: bytes, count: int) -> Float32:
        """The rounded values."""
        return self._rounding.read(payload, count)

    def encode_update(self, trained: Float32, received: Float32, residual: Float32) -> tuple[bytes, Float32]:
        """What training has changed and earlier updates have lost, rounded; what that loses waits for the next."""
        with np.errstate(over="ignore", invalid="ignore"):
            wanted = (trained - received) + residual
        payload = self._rounding.write(wanted)
        try:
            return payload, wanted - self._rounding.read(payload, len(wanted))
        except ValueError:
            return payload, residual

    def decode_update(self, payload: bytes, own: Float32) -> Float32:
        """The server's own values and the difference."""
        with np.errstate(over="ignore"):
            return check_finite(own + self._rounding.read(payload, len(own)))
