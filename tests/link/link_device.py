"""The C device application behind an in-memory transport: Python plays the port."""

import ctypes
import secrets
import time
from typing import Any

from link_c import GUARD, guards_intact, poisoned

FAKE_ARENA_BYTES = 6000

ReadFunction = ctypes.CFUNCTYPE(ctypes.c_size_t, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)
WriteFunction = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)
WaitFunction = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
TicksFunction = ctypes.CFUNCTYPE(ctypes.c_uint64, ctypes.c_void_p)
RandomFunction = ctypes.CFUNCTYPE(ctypes.c_bool, ctypes.c_void_p, ctypes.c_uint32)
CountFunction = ctypes.CFUNCTYPE(ctypes.c_uint32, ctypes.c_void_p)


class CPort(ctypes.Structure):
    """struct fp_port."""

    _fields_ = (
        ("context", ctypes.c_void_p),
        ("read", ReadFunction),
        ("write", WriteFunction),
        ("wait", WaitFunction),
        ("ticks", TicksFunction),
        ("tick_hz", ctypes.c_uint32),
        ("stack_used", CountFunction),
        ("rx_lost", CountFunction),
        ("board", ctypes.c_char_p),
        ("fault", ctypes.c_void_p),
    )


class CDevice:
    """A board in this process: bytes go in with :meth:`send`, answers come back as its result."""

    TICK_HZ = 1000
    STACK_USED = 321
    RX_LOST = 0

    def __init__(self, library: Any, model: int, board: str = "test_board") -> None:
        assert library.probe_port_bytes() == ctypes.sizeof(CPort)
        self._library = library
        self.received = b""
        self.answered = b""
        self.now = 10**12
        self.rx_lost = self.RX_LOST
        self.fault = (ctypes.c_uint32 * 8)()
        self._port = CPort(
            None,
            ReadFunction(self._read),
            WriteFunction(self._write),
            WaitFunction(lambda _: None),
            TicksFunction(self._ticks),
            self.TICK_HZ,
            CountFunction(lambda _: self.STACK_USED),
            CountFunction(lambda _: self.rx_lost),
            board.encode(),
            ctypes.cast(self.fault, ctypes.c_void_p),
        )
        self._device = poisoned(library.probe_device_bytes() + 2 * GUARD)
        self._arena = poisoned(FAKE_ARENA_BYTES + 2 * GUARD)
        status = library.fp_device_init(
            self._at(self._device),
            ctypes.c_void_p(library.fake_model(model)),
            self._at(self._arena),
            ctypes.c_uint32(FAKE_ARENA_BYTES),
            ctypes.byref(self._port),
        )
        assert status == 0
        self._store: Any = None
        self.nonce: bytes | None = None

    def serve_store(self, key: bytes | None = None) -> None:
        """Answer the requests of transfers, over fake_store.h, and of sessions: with a key, authenticated ones."""
        self._store = poisoned(self._library.probe_store_bytes() + 2 * GUARD)
        self._key = key
        self._random = RandomFunction(self._fill) if key else None
        self._library.probe_serve(self._at(self._device), self._at(self._store), key, self._random)

    def _fill(self, to: int, length: int) -> bool:
        """The board's nonces, unless a test sets :attr:`nonce`; ``b""`` stands for a board that has none."""
        nonce = secrets.token_bytes(length) if self.nonce is None else self.nonce
        ctypes.memmove(to, nonce, len(nonce))
        return len(nonce) == length

    @property
    def store(self) -> dict[str, int]:
        """What the fake store has counted."""
        names = ("begun", "written", "commits", "bytes")
        return {name: self._library.probe_store_number(self._at(self._store), i) for i, name in enumerate(names)}

    def send(self, data: bytes) -> bytes:
        """Let the board take ``data`` and return what it answers."""
        self.received += data
        while self._library.fp_device_poll(self._at(self._device)):
            pass
        for buffer in (self._device, self._arena, *([self._store] if self._store else [])):
            assert guards_intact(buffer), "the board wrote outside its memory"
        answered, self.answered = self.answered, b""
        return answered

    @staticmethod
    def _at(buffer: Any) -> ctypes.c_void_p:
        return ctypes.c_void_p(ctypes.addressof(buffer) + GUARD)

    def _read(self, _context: int, to: int, capacity: int) -> int:
        chunk, self.received = self.received[:capacity], self.received[capacity:]
        ctypes.memmove(to, chunk, len(chunk))
        return len(chunk)

    def _write(self, _context: int, data: int, length: int) -> None:
        self.answered += ctypes.string_at(data, length)

    def _ticks(self, _context: int) -> int:
        """Time stands still except that each look at the clock takes 7 ticks."""
        self.now += 7
        return self.now


class DeviceTransport:
    """host_bridge.transport.Transport straight into a device."""

    url = "memory://device"

    def __init__(self, device: CDevice) -> None:
        self.device = device
        self._waiting = b""
        self.closed = False

    def read(self, timeout: float) -> bytes:
        if not self._waiting:
            time.sleep(min(timeout, 0.002))
        received, self._waiting = self._waiting, b""
        return received

    def write(self, data: bytes, timeout: float) -> None:
        assert timeout > 0
        self._waiting += self.device.send(data)

    def close(self) -> None:
        self.closed = True
