"""Writes the payloads of docs/protocol-vectors.json: ``python tests/link/payload_vectors.py``.

Layouts are those of docs/protocol.md as formats of :mod:`struct`, written down by hand: neither the message table nor
:mod:`host_bridge.payload` is asked, so that the vectors can find them wrong.
"""

import json
import struct
from pathlib import Path
from typing import Any

FILE = Path(__file__).parents[2] / "docs" / "protocol-vectors.json"
VECTORS = json.loads(FILE.read_text())
TEXTS = {"model_name", "board_name"}
"""Fields of ASCII; all other bytes are hexadecimal."""
DATA = "00ff8001"
"""A field that takes the rest of the payload, where its content does not matter."""

Vector = dict[str, Any]


def case(message: str, part: str, layout: str, **values: int | str) -> Vector:
    """A payload of these values.

    Args:
        message: its name.
        part: ``request`` or ``reply``.
        layout: of its fields of fixed size; one value more than those is the data behind them.
        values: by field, in the order of the fields.
    """
    given = [_raw(name, value) if isinstance(value, str) else value for name, value in values.items()]
    fixed = len(struct.unpack(f"<{layout}", bytes(struct.calcsize(f"<{layout}"))))
    data = b"".join(one for one in given[fixed:] if isinstance(one, bytes))
    payload = struct.pack(f"<{layout}", *given[:fixed]) + data
    return {"message": message, "part": part, "values": values, "payload": payload.hex()}


def counted(message: str, part: str, layout: str, names: str) -> Vector:
    """A payload in which byte j of field i, from 0, is 16 (i + 1) + j: fields in each other's place would show."""
    fields, at, values = names.split(), 0, {}
    sizes = [struct.calcsize(f"<{code}") for code in _codes(layout)]
    pattern = b"".join(bytes((16 * (i + 1) + j) % 256 for j in range(size)) for i, size in enumerate(sizes))
    for name, size in zip(fields, sizes, strict=False):
        values[name] = int.from_bytes(pattern[at : at + size], "little")
        at += size
    return case(message, part, layout, **values, **dict.fromkeys(fields[len(sizes) :], DATA))


def payloads() -> list[Vector]:
    """All vectors, in their order."""
    return [*_INFERENCE, *_TRANSFERS, *_SESSIONS, *_PROFILING, *_LEARNING]


def render(document: dict[str, Any]) -> str:
    """The file with its payloads replaced."""
    return json.dumps({**document, "payloads": payloads()}, indent=1) + "\n"


def _raw(name: str, value: str) -> bytes:
    return value.encode("ascii") if name in TEXTS else bytes.fromhex(value)


def _codes(layout: str) -> str:
    """``3IQ`` as ``IIIQ``."""
    codes, count = "", ""
    for one in layout:
        count, codes = (count + one, codes) if one.isdecimal() else ("", codes + one * int(count or 1))
    return codes


_INFERENCE = [
    case(
        "info",
        "reply",
        "BBHHIIIIII32s32s32sB",
        protocol=1,
        model_format=1,
        flags=0,
        max_payload=1024,
        window=1040,
        arena_bytes=20480,
        input_bytes=64,
        output_bytes=10,
        tick_hz=168000000,
        selftest_crc32=16909060,
        model_sha256="000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
        model_name="digits_cnn",
        board_name="stm32f4_discovery",
        under_way=3,
    ),
    case("ping", "request", "", echo="0070696e6700"),
    case(
        "stats",
        "reply",
        "IIIIIIIQQI",
        frames_ok=1,
        crc_errors=2,
        framing_errors=3,
        rx_lost=4,
        repeats=5,
        inferences=6,
        stack_used=7,
        last_ticks=1099511627784,
        uptime_ticks=9223372036854775808,
        refusals=305419896,
    ),
    case(
        "fault",
        "reply",
        "8I",
        count=2,
        exception=3,
        status=65536,
        hard_status=1073741824,
        address=32,
        pc=134218020,
        lr=134218239,
        sp=536879040,
    ),
    case("selftest", "reply", "QII", ticks=1000, output_crc32=3421780262, expected_crc32=1),
    case("input", "request", "I", offset=512, chunk="80ff007f"),
    case("input", "reply", "I", filled=516),
    case("infer", "request", "I", offset=516, chunk=""),
    case("infer", "reply", "Q", ticks=65536, output="8081"),
    case("output", "request", "IH", offset=1016, length=8),
    case("output", "reply", "", chunk="0102"),
    case("error", "reply", "HBI", code=4, request=18, detail=600),
]
_TRANSFERS = [
    case("put_begin", "request", "BIIIH", kind=2, item=7, total=20000, crc32=3421780262, chunk_bytes=1016),
    case("put_begin", "reply", "II", present=2032, beyond=5),
    case("put_chunk", "request", "I", offset=2032, chunk="00010203"),
    case("put_chunk", "reply", "I", present=4064),
    case("put_end", "request", "I", crc32=3421780262),
    case("put_end", "reply", "I", total=20000),
    case("get_begin", "request", "BI", kind=3, item=0),
    case("get_begin", "reply", "II", total=20000, crc32=3421780262),
    case("get_chunk", "request", "IH", offset=1024, length=1024),
    case("get_chunk", "reply", "", chunk="0a0b0c"),
    case(
        "transfer_status",
        "reply",
        "BBIIIII",
        state=1,
        kind=2,
        item=7,
        total=20000,
        crc32=3421780262,
        present=2032,
        beyond=5,
    ),
]
_SESSIONS = [
    case("open", "reply", "I", previous=305419896),
    case("hello", "request", "16s", nonce="6465666768696a6b6c6d6e6f70717273"),
    case(
        "hello", "reply", "16s16s", nonce="c8c9cacbcccdcecfd0d1d2d3d4d5d6d7", proof="d1aef24bd6983f289c39402a8b6f0b61"
    ),
]
_PROFILING = [
    case("profile", "request", "H", call=3),
    case("profile", "reply", "QH", ticks=197875, calls=9),
    case("peek", "request", "IH", offset=4096, length=64),
    case("peek", "reply", "", chunk="00ff8001"),
]
_LEARNING = [
    counted(
        "learner",
        "reply",
        "BBBH14I",
        "format state sample_format classes sample_bytes sample_scale_bits sample_capacity order_capacity "
        "value_capacity block_bytes values mask samples shard_crc32 round residual_round runs norm_max",
    ),
    counted("seed", "request", "IQ", "model seed keep"),
    counted("seed", "reply", "IIQ", "mask values ticks"),
    counted(
        "round",
        "request",
        "6IHH4IBB",
        "model run number since task_crc32 mask epochs batch_size learning_rate momentum weight_decay proximal "
        "encoding moved",
    ),
    counted("round", "reply", "IBBI", "total ready trained residual_round"),
    counted("train", "request", "I", "number"),
    counted("train", "reply", "4IQI", "number loss samples seen ticks update_bytes"),
    counted("evaluate", "reply", "3IQ", "samples correct loss ticks"),
]

if __name__ == "__main__":
    FILE.write_text(render(VECTORS))
