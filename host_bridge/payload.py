"""Pack and unpack payloads after the message table."""

import struct
from collections.abc import Mapping

from host_bridge.errors import LinkError
from host_bridge.messages import FIELD_BYTES, Field, fixed_bytes

Value = int | str | bytes
"""Of a number; of a nonce or digest (hexadecimal) or text; of data."""


def pack(fields: tuple[Field, ...], values: Mapping[str, Value]) -> bytes:
    """The payload that holds ``values``, one for each field.

    Raises:
        KeyError: a field has no value.
        OverflowError: a number does not fit its field.
        ValueError: a text or digest does not fit its field, or a value has another type than its field.
    """
    return b"".join(_pack_field(field, values[field.name]) for field in fields)


def number_struct(fields: tuple[Field, ...]) -> struct.Struct:
    """Packs fields that are all numbers in one step; headers are packed for every frame.

    Raises:
        KeyError: a field is no number.
    """
    return struct.Struct("<" + "".join({"u8": "B", "u16": "H", "u32": "I", "u64": "Q"}[field.kind] for field in fields))


def unpack(fields: tuple[Field, ...], payload: bytes) -> dict[str, Value]:
    """The values in ``payload``. Bytes behind the last field are ignored: newer boards may append fields.

    Raises:
        LinkError: the payload is shorter than its fields.
    """
    if len(payload) < fixed_bytes(fields):
        raise LinkError(
            f"the board sent a reply of {len(payload)} bytes where at least {fixed_bytes(fields)} belong; "
            "rebuild its firmware with this version of the project"
        )
    values: dict[str, Value] = {}
    offset = 0
    for field in fields:
        end = len(payload) if field.kind == "data" else offset + FIELD_BYTES[field.kind]
        values[field.name] = _unpack_field(field, payload[offset:end])
        offset = end
    return values


def number(values: Mapping[str, Value], name: str) -> int:
    """The numeric field ``name`` of what :func:`unpack` returned."""
    value = values[name]
    if not isinstance(value, int):
        raise TypeError(f"{name} is not a number")
    return value


def data(values: Mapping[str, Value], name: str) -> bytes:
    """The data field ``name`` of what :func:`unpack` returned."""
    value = values[name]
    if not isinstance(value, bytes):
        raise TypeError(f"{name} is not data")
    return value


def _pack_field(field: Field, value: Value) -> bytes:
    size = FIELD_BYTES[field.kind]
    if field.kind == "data" and isinstance(value, bytes):
        return value
    if field.kind in ("nonce", "digest") and isinstance(value, str) and len(value) == 2 * size:
        return bytes.fromhex(value)
    if field.kind == "text" and isinstance(value, str) and len(value) < size:
        return value.encode("ascii").ljust(size, b"\0")
    if isinstance(value, int):
        return value.to_bytes(size, "little")
    raise ValueError(f"{value!r} does not fit field {field.name} ({field.kind})")


def _unpack_field(field: Field, raw: bytes) -> Value:
    if field.kind == "data":
        return raw
    if field.kind in ("nonce", "digest"):
        return raw.hex()
    if field.kind == "text":
        return raw.split(b"\0", 1)[0].decode("ascii", errors="replace")
    return int.from_bytes(raw, "little")
