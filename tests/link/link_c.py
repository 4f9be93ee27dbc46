"""The C link compiled for this machine, and made to look like the Python one."""

import ctypes
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from firmware_gen.monocypher import monocypher_files
from host_bridge.c_header import render_messages_header
from host_bridge.frame import RAW_OVERHEAD, Frame, FrameFault
from host_bridge.messages import DEFAULT_MAX_PAYLOAD

HERE = Path(__file__).parent
RUNTIME = HERE.parents[1] / "firmware_gen" / "runtime"
LINK_UNITS = ("cobs", "crc32", "frame", "device", "requests", "model")
EXTENDED_UNITS = (*LINK_UNITS, "reply", "transfer", "session", "auth")
TEST_SOURCES = [HERE / "fake_models.c", HERE / "link_probes.c"]
EXTENDED_SOURCES = [HERE / "fake_store.c", HERE / "store_probes.c"]
WARNINGS = (
    *("-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wvla", "-Wdouble-promotion"),
    *("-Wmissing-prototypes", "-Werror"),
)
POISON = 0xAA
GUARD = 32


def include_options(folder: Path) -> list[str]:
    """Render the messages header into ``folder``; returns the options that find it and all other headers."""
    (folder / "fp_messages.h").write_text(render_messages_header())
    return [f"-I{RUNTIME / 'include'}", f"-I{HERE}", f"-I{folder}"]


def build_library(folder: Path) -> Path:
    """Compile runtime and test models with the undefined behaviour sanitiser; returns the shared library."""
    return _link(folder, _runtime(LINK_UNITS) + TEST_SOURCES, [])


def build_extended_library(folder: Path, defines: tuple[str, ...] = ()) -> Path:
    """The link as boards have it that learn: three requests under way, transfers, sessions, authentication."""
    source, header = monocypher_files()
    monocypher = folder / "monocypher.o"
    subprocess.run(["gcc", "-O1", "-fPIC", "-c", str(source), "-o", str(monocypher)], check=True)
    options = ["-DFP_EXTENDED=1", "-DFP_REQUESTS_UNDER_WAY=3u", f"-I{header.parent}", *(f"-D{one}" for one in defines)]
    return _link(folder, [*_runtime(EXTENDED_UNITS), *TEST_SOURCES, *EXTENDED_SOURCES, monocypher], options)


def _runtime(units: tuple[str, ...]) -> list[Path]:
    return [RUNTIME / "src" / f"fp_{name}.c" for name in units]


def _link(folder: Path, sources: list[Path], extra: list[str]) -> Path:
    library = folder / "link.so"
    sanitise = ["-fsanitize=undefined", "-fno-sanitize-recover=all"]
    options = [*WARNINGS, *sanitise, "-O1", "-g", "-shared", "-fPIC", *extra, *include_options(folder)]
    subprocess.run(["gcc", *options, "-o", str(library), *map(str, sources)], check=True)
    return library


class CFrame(ctypes.Structure):
    """struct fp_frame."""

    _fields_ = (
        ("version", ctypes.c_uint8),
        ("type", ctypes.c_uint8),
        ("sequence", ctypes.c_uint16),
        ("flags", ctypes.c_uint16),
        ("length", ctypes.c_uint16),
        ("payload", ctypes.c_void_p),
        ("crc", ctypes.c_uint32),
    )


class CCobsDecoder(ctypes.Structure):
    """struct fp_cobs_decoder."""

    _fields_ = (("left", ctypes.c_uint8), ("zero_is_due", ctypes.c_bool), ("started", ctypes.c_bool))


class CFrameDecoder(ctypes.Structure):
    """struct fp_frame_decoder."""

    _fields_ = (
        ("cobs", CCobsDecoder),
        ("buffer", ctypes.c_void_p),
        ("capacity", ctypes.c_size_t),
        ("length", ctypes.c_size_t),
    )


def poisoned(size: int) -> Any:
    """``size`` bytes of poison that C may write to."""
    return (ctypes.c_uint8 * size).from_buffer_copy(bytes([POISON]) * size)


def guards_intact(buffer: Any) -> bool:
    """Whether the first and last GUARD bytes are still poison."""
    return bytes(buffer[:GUARD] + buffer[-GUARD:]) == bytes([POISON]) * (2 * GUARD)


EVENTS = {2: FrameFault.CRC, 3: FrameFault.FRAMING}


def load_library(path: Path) -> Any:
    """The library with the result types that are not int."""
    library = ctypes.CDLL(str(path))
    library.fp_crc32.restype = ctypes.c_uint32
    library.fp_frame_encode.restype = ctypes.c_size_t
    library.fp_cobs_decoder_push.restype = ctypes.c_bool
    library.fp_cobs_decoder_complete.restype = ctypes.c_bool
    library.fp_device_poll.restype = ctypes.c_bool
    library.fake_model.restype = ctypes.c_void_p
    for probe in ("device", "frame", "decoder", "port"):
        getattr(library, f"probe_{probe}_bytes").restype = ctypes.c_size_t
    library.probe_encoded_max.restype = ctypes.c_size_t
    if hasattr(library, "probe_serve"):
        library.probe_store_bytes.restype = ctypes.c_size_t
        library.probe_store_number.restype = ctypes.c_uint32
    assert library.probe_frame_bytes() == ctypes.sizeof(CFrame)
    assert library.probe_decoder_bytes() == ctypes.sizeof(CFrameDecoder)
    return library


class CDecoder:
    """host_bridge.frame.FrameDecoder over fp_frame_decoder, in a buffer with guards that must stay as they are."""

    def __init__(self, library: Any, max_payload: int = DEFAULT_MAX_PAYLOAD) -> None:
        self._library = library
        self._capacity = RAW_OVERHEAD + max_payload
        self._buffer = poisoned(self._capacity + 2 * GUARD)
        self._decoder = CFrameDecoder()
        address = ctypes.addressof(self._buffer) + GUARD
        library.fp_frame_decoder_init(
            ctypes.byref(self._decoder), ctypes.c_void_p(address), ctypes.c_size_t(self._capacity)
        )

    def feed(self, received: bytes) -> list[Frame | FrameFault]:
        events: list[Frame | FrameFault] = []
        frame = CFrame()
        for byte in received:
            event = self._library.fp_frame_decoder_push(
                ctypes.byref(self._decoder), ctypes.c_uint8(byte), ctypes.byref(frame)
            )
            if event == 1:
                payload = ctypes.string_at(frame.payload, frame.length)
                events.append(Frame(frame.type, frame.sequence, payload, frame.version, frame.flags))
            elif event:
                events.append(EVENTS[event])
        assert guards_intact(self._buffer), "the decoder wrote outside its buffer"
        return events


@dataclass(frozen=True)
class Codec:
    """What both implementations can do."""

    name: str
    crc32: Callable[[bytes], int]
    encode: Callable[[Frame], bytes]
    decoder: Callable[..., Any]
    cobs_encode: Callable[[bytes], bytes]
    cobs_decode: Callable[[bytes], bytes | None]


def c_codec(library: Any) -> Codec:
    """The C implementation."""
    return Codec(
        name="c",
        crc32=lambda data: int(library.fp_crc32(ctypes.c_uint32(0), data, ctypes.c_size_t(len(data)))),
        encode=lambda frame: c_encode(library, frame),
        decoder=lambda *arguments: CDecoder(library, *arguments),
        cobs_encode=lambda data: c_cobs_encode(library, data),
        cobs_decode=lambda data: c_cobs_decode(library, data),
    )


def c_encode(library: Any, frame: Frame) -> bytes:
    """fp_frame_encode, in a buffer with guards."""
    size = library.probe_encoded_max()
    buffer = poisoned(size + 2 * GUARD)
    raw_max = RAW_OVERHEAD + DEFAULT_MAX_PAYLOAD
    payload_at = (raw_max + 253) // 254 + RAW_OVERHEAD - 4
    start = ctypes.addressof(buffer) + GUARD
    ctypes.memmove(start + payload_at, frame.payload, len(frame.payload))
    header = CFrame(frame.version, frame.type, frame.sequence, frame.flags, len(frame.payload))
    length = library.fp_frame_encode(ctypes.byref(header), ctypes.c_void_p(start))
    assert guards_intact(buffer), "the encoder wrote outside its buffer"
    return bytes(buffer)[GUARD : GUARD + length]


def c_cobs_encode(library: Any, data: bytes, capacity: int | None = None) -> bytes:
    """fp_cobs_encode into ``capacity`` bytes, by default just enough; empty when it refuses."""
    capacity = len(data) + (len(data) + 253) // 254 + (not data) if capacity is None else capacity
    buffer = poisoned(capacity + GUARD)
    encoded = ctypes.c_size_t(0)
    status = library.fp_cobs_encode(
        data, ctypes.c_size_t(len(data)), buffer, ctypes.c_size_t(capacity), ctypes.byref(encoded)
    )
    assert bytes(buffer)[capacity:] == bytes([POISON]) * GUARD, "the encoder wrote beyond its capacity"
    assert status in (0, -3)
    return bytes(buffer)[: encoded.value] if status == 0 else b""


def c_cobs_decode(library: Any, data: bytes) -> bytes | None:
    """The streaming decoder over ``data``; None when it does not end well."""
    decoder = CCobsDecoder()
    library.fp_cobs_decoder_reset(ctypes.byref(decoder))
    out = bytearray()
    byte = ctypes.c_uint8(0)
    for value in data:
        if library.fp_cobs_decoder_push(ctypes.byref(decoder), ctypes.c_uint8(value), ctypes.byref(byte)):
            out.append(byte.value)
    return bytes(out) if library.fp_cobs_decoder_complete(ctypes.byref(decoder)) else None
