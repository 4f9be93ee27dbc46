"""Fault injection as a transport: what a bad line does to bytes, both ways."""

import random
from collections.abc import Callable

from host_bridge.transport import Transport

Fault = Callable[[random.Random, bytes], bytes]


def drop(source: random.Random, data: bytes) -> bytes:
    """One byte is missing."""
    at = source.randrange(len(data))
    return data[:at] + data[at + 1 :]


def flip(source: random.Random, data: bytes) -> bytes:
    """One bit is inverted."""
    changed = bytearray(data)
    changed[source.randrange(len(data))] ^= 1 << source.randrange(8)
    return bytes(changed)


def truncate(source: random.Random, data: bytes) -> bytes:
    """The end is missing."""
    return data[: source.randrange(len(data))]


def duplicate(_: random.Random, data: bytes) -> bytes:
    """Everything arrives twice."""
    return data + data


def lose(_: random.Random, data: bytes) -> bytes:
    """Nothing arrives."""
    return data[:0]


def babble(source: random.Random, data: bytes) -> bytes:
    """Noise in front."""
    return source.randbytes(source.randrange(1, 30)) + data


class FaultyTransport:
    """Damages what passes with the given probability; counts how often it did."""

    def __init__(self, inner: Transport, fault: Fault, probability: float, seed: int) -> None:
        self.url = inner.url
        self.faults = 0
        self._inner = inner
        self._fault = fault
        self._probability = probability
        self._random = random.Random(seed)

    def read(self, timeout: float) -> bytes:
        return self._damage(self._inner.read(timeout))

    def write(self, data: bytes, timeout: float) -> None:
        self._inner.write(self._damage(data), timeout)

    def close(self) -> None:
        self._inner.close()

    def _damage(self, data: bytes) -> bytes:
        if not data or self._random.random() >= self._probability:
            return data
        self.faults += 1
        return self._fault(self._random, data)
