"""docs/protocol-vectors.json against both implementations, a naive third one, and the board."""

from collections.abc import Callable
from typing import Any

import payload_vectors
import pytest
from link_c import Codec
from link_device import CDevice
from link_naive import naive_cobs, naive_crc32, naive_frame
from payload_vectors import VECTORS

from host_bridge import messages
from host_bridge.frame import Frame, FrameFault
from host_bridge.payload import pack, unpack


def named(section: str) -> Any:
    return pytest.mark.parametrize("vector", [pytest.param(vector, id=vector["name"]) for vector in VECTORS[section]])


def test_version() -> None:
    assert VECTORS["protocol_version"] == messages.PROTOCOL_VERSION


@pytest.mark.parametrize("vector", VECTORS["crc32"])
def test_crc32(codec: Codec, vector: dict[str, str]) -> None:
    data = bytes.fromhex(vector["data"])
    assert codec.crc32(data) == naive_crc32(data) == int(vector["crc32"], 16)


@named("cobs")
def test_cobs(codec: Codec, vector: dict[str, str]) -> None:
    data, encoded = bytes.fromhex(vector["data"]), bytes.fromhex(vector["encoded"])
    assert codec.cobs_encode(data) == naive_cobs(data) == encoded
    assert codec.cobs_decode(encoded) == data


@named("frames")
def test_frame(codec: Codec, vector: dict[str, Any]) -> None:
    payload, encoded = bytes.fromhex(vector["payload"]), bytes.fromhex(vector["encoded"])
    frame = Frame(vector["type"], vector["sequence"], payload, vector["version"], vector["flags"])
    assert codec.encode(frame) == encoded
    assert naive_frame(frame.type, frame.sequence, payload, frame.version, frame.flags) == encoded
    assert codec.decoder().feed(encoded) == [frame]


@named("streams")
def test_stream(codec: Codec, vector: dict[str, Any]) -> None:
    expected = [
        FrameFault(event)
        if isinstance(event, str)
        else Frame(event["type"], event["sequence"], bytes.fromhex(event["payload"]), flags=event.get("flags", 0))
        for event in vector["events"]
    ]
    assert codec.decoder().feed(bytes.fromhex(vector["stream"])) == expected


def fields_of(vector: dict[str, Any]) -> tuple[messages.Field, ...]:
    if vector["message"] == "error":
        return messages.ERROR_REPLY
    message = next(message for message in messages.MESSAGES if message.name == vector["message"])
    return message.request if vector["part"] == "request" else message.reply


@pytest.mark.parametrize("vector", VECTORS["payloads"], ids=lambda vector: f"{vector['message']} {vector['part']}")
def test_payload(vector: dict[str, Any]) -> None:
    fields = fields_of(vector)
    data = {field.name for field in fields if field.kind == "data"}
    values = {name: bytes.fromhex(value) if name in data else value for name, value in vector["values"].items()}
    payload = bytes.fromhex(vector["payload"])
    assert pack(fields, values) == payload
    assert unpack(fields, payload) == values


@named("exchanges")
def test_board_answers(make_device: Callable[..., CDevice], vector: dict[str, str]) -> None:
    assert make_device().send(bytes.fromhex(vector["sent"])).hex() == vector["received"]


def test_payloads_are_those_of_their_generator() -> None:
    assert payload_vectors.FILE.read_text() == payload_vectors.render(VECTORS)


def test_every_message_and_error_has_a_vector() -> None:
    payloads = {(vector["message"], vector["part"]) for vector in VECTORS["payloads"]}
    for message in messages.MESSAGES:
        for part, fields in (("request", message.request), ("reply", message.reply)):
            assert not fields or (part == "reply" and message.name == "ping") or (message.name, part) in payloads
