"""Packing and unpacking after a table."""

import pytest

from host_bridge.errors import LinkError
from host_bridge.messages import Field
from host_bridge.payload import Value, data, number, pack, unpack

FIELDS = (Field("small", "u16", ""), Field("name", "text", ""), Field("rest", "data", ""))
VALUES: dict[str, Value] = {"small": 0x1234, "name": "abc", "rest": b"\x01\x02"}
PACKED = b"\x34\x12abc" + bytes(29) + b"\x01\x02"


def test_there_and_back() -> None:
    assert pack(FIELDS, VALUES) == PACKED
    assert unpack(FIELDS, PACKED) == VALUES
    assert number(VALUES, "small") == 0x1234
    assert data(VALUES, "rest") == b"\x01\x02"


def test_appended_fields_of_a_newer_board_are_ignored() -> None:
    assert unpack(FIELDS[:2], PACKED) == {"small": 0x1234, "name": "abc"}


def test_a_short_payload_is_refused() -> None:
    with pytest.raises(LinkError, match="a reply of 33 bytes where at least 34 belong"):
        unpack(FIELDS, PACKED[:33])


def test_text_that_is_no_ascii_does_not_hide_the_rest() -> None:
    assert unpack(FIELDS, b"\0\0\xff" + bytes(31))["name"] == "\ufffd"


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("small", 1 << 16, OverflowError),
        ("small", -1, OverflowError),
        ("small", "12", ValueError),
        ("name", "x" * 32, ValueError),
        ("name", "ä", ValueError),
        ("rest", "text", ValueError),
    ],
)
def test_what_does_not_fit_is_refused(name: str, value: Value, error: type[Exception]) -> None:
    with pytest.raises(error):
        pack(FIELDS, {**VALUES, name: value})


def test_asking_for_the_wrong_kind() -> None:
    with pytest.raises(TypeError):
        number(VALUES, "rest")
    with pytest.raises(TypeError):
        data(VALUES, "small")
