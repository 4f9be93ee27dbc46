"""What an encoding of values is."""

from typing import Protocol

from trainer.tensors import Float32


class Codec(Protocol):
    """Turns kept values into bytes and back; both ends know the mask, so nothing but values travels.

    Down the line go the server's values. Up goes either what the client ended with or how that differs from what it
    received; only the server's own values, which no rounding has touched, are ever added to a difference.
    docs/wire.md defines every encoding byte by byte.
    """

    def encode_values(self, values: Float32) -> bytes:
        """Server to client.

        Raises:
            ValueError: a value is not finite, or too large for the encoding.
        """

    def decode_values(self, payload: bytes, count: int) -> Float32:
        """What the client gets: float32 (count,).

        Raises:
            ValueError: the payload has not the size of ``count`` values, or holds something that no server sends.
        """

    def encode_update(self, trained: Float32, received: Float32, residual: Float32) -> tuple[bytes, Float32]:
        """Client to server.

        Values that are not finite make an update that :meth:`decode_update` or its caller refuses; they leave the
        residual as it was.

        Args:
            trained: values after local training.
            received: values that :meth:`decode_values` gave before it.
            residual: what earlier updates of this client have lost to rounding; zeros at first.

        Returns:
            The payload, and what this update loses: the next ``residual`` (error feedback: F. Seide et al.,
            "1-Bit Stochastic Gradient Descent", Interspeech 2014).
        """

    def decode_update(self, payload: bytes, own: Float32) -> Float32:
        """The client's values as the server averages them.

        Args:
            payload: from :meth:`encode_update`.
            own: the server's values that the client's round began with, not rounded.

        Raises:
            ValueError: the payload has not the size of so many values, or holds something that no client sends.
        """
