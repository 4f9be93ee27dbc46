"""Little-endian IEEE 754 binary16, rounded half to even."""

import numpy as np

from trainer.tensors import Float32
from trainer.wire.checks import check_finite, check_size
from trainer.wire.rounded import RoundedCodec


class Float16Rounding:
    """See :class:`trainer.wire.rounded.Rounding`; what rounds beyond 65504 becomes an infinity, which is refused."""

    def write(self, values: Float32) -> bytes:
        """Two bytes for each value."""
        with np.errstate(over="ignore"):
            return values.astype("<f2").tobytes()

    def read(self, payload: bytes, count: int) -> Float32:
        """The values."""
        check_size(payload, 2 * count, count, "float16")
        return check_finite(np.frombuffer(payload, "<f2").astype(np.float32))


FLOAT16 = RoundedCodec(Float16Rounding())
