"""Little-endian float32: exact."""

import numpy as np

from trainer.tensors import Float32
from trainer.wire.checks import check_finite, check_size


class Float32Codec:
    """See :class:`trainer.wire.codec.Codec`."""

    def encode_values(self, values: Float32) -> bytes:
        """As they are."""
        return check_finite(values).astype("<f4").tobytes()

    def decode_values(self, payload: bytes, count: int) -> Float32:
        """As they are."""
        check_size(payload, 4 * count, count, "float32")
        return check_finite(np.frombuffer(payload, "<f4").astype(np.float32))

    def encode_update(self, trained: Float32, received: Float32, residual: Float32) -> tuple[bytes, Float32]:  # noqa: ARG002
        """The trained values themselves; nothing is lost."""
        return trained.astype("<f4").tobytes(), residual

    def decode_update(self, payload: bytes, own: Float32) -> Float32:
        """The trained values themselves."""
        return self.decode_values(payload, len(own))
