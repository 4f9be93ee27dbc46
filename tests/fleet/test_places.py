"""Reading --devices."""

from pathlib import Path

import pytest

from host_bridge.errors import UserError
from host_bridge.keys import new_key
from trainer.fleet.places import Emulated, Line, parse_places

BOARD = "stm32f4_qemu"


def test_mixed_places_come_in_their_order() -> None:
    found = parse_places("native:2+socket://10.0.0.7:3333, /dev/ttyACM0,native:1@mps2_an386")
    assert found == (
        Emulated("native", BOARD),
        Emulated("native", BOARD),
        Line("socket://10.0.0.7:3333"),
        Line("/dev/ttyACM0"),
        Emulated("native", "mps2_an386"),
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("qemu:0", "how many boards qemu"),
        ("qemu", "how many boards qemu"),
        ("qemu:two", "how many boards qemu"),
        ("native:-1", "how many boards native"),
        ("native:1001", "1 to 1000"),
        ("native:2@no_such_board", "no_such_board"),
        ("simics:2", "neither an emulator nor a serial port"),
        ("auto:2", "neither an emulator nor a serial port"),
        ("ttyACM0", "neither an emulator nor a serial port"),
        ("", "empty entry"),
        ("native:1,,native:2", "empty entry"),
        ("socket://10.0.0.7", "give a host and a port"),
        ("/dev/ttyACM0,/dev/ttyACM0", "twice"),
    ],
)
def test_a_bad_place_is_named(text: str, words: str) -> None:
    with pytest.raises(UserError, match=words) as caught:
        parse_places(text)
    assert "\n" not in str(caught.value)


def test_a_line_may_have_a_key(tmp_path: Path) -> None:
    key = tmp_path / "board1.key"
    with pytest.raises(UserError, match="cannot read the key"):
        parse_places(f"/dev/ttyACM0@{key}")
    new_key(key)
    assert parse_places(f"/dev/ttyACM0@{key},socket://10.0.0.7:3333@{key}") == (
        Line("/dev/ttyACM0", key),
        Line("socket://10.0.0.7:3333", key),
    )
