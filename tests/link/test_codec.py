"""One suite for both implementations of CRC, COBS and frames."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from link_c import CDecoder, Codec, c_cobs_encode, c_codec
from link_naive import naive_cobs, naive_crc32, naive_frame

from host_bridge.frame import Frame, FrameDecoder, FrameFault, encoded_bytes

# Bytes with many zeros, or none, around the lengths where COBS starts a new block.
lengths = st.one_of(st.integers(0, 40), st.sampled_from([252, 253, 254, 255, 256, 507, 508, 509, 761, 762, 763]))
contents = st.builds(
    lambda length, zeros, seed: bytes(
        0 if zeros and (seed * i) % zeros == 0 else 1 + (seed + i) % 255 for i in range(length)
    ),
    lengths,
    st.integers(0, 7),
    st.integers(0, 10**6),
)
frames = st.builds(
    Frame,
    type=st.integers(0, 255),
    sequence=st.integers(0, 65535),
    payload=contents,
    version=st.integers(0, 255),
    flags=st.integers(0, 65535),
)


@given(contents)
def test_crc32_matches_the_definition(codec: Codec, data: bytes) -> None:
    assert codec.crc32(data) == naive_crc32(data)


@given(contents)
def test_cobs_matches_the_definition_and_comes_back(codec: Codec, data: bytes) -> None:
    encoded = codec.cobs_encode(data)
    assert encoded == naive_cobs(data)
    assert codec.cobs_decode(encoded) == data


@given(frames)
def test_frame_matches_the_definition(codec: Codec, frame: Frame) -> None:
    expected = naive_frame(frame.type, frame.sequence, frame.payload, frame.version, frame.flags)
    assert codec.encode(frame) == expected
    assert len(expected) <= encoded_bytes(len(frame.payload))


@given(st.lists(frames, min_size=1, max_size=4), st.lists(st.integers(0, 10**6), max_size=12))
def test_frames_come_back_however_the_stream_is_cut(codec: Codec, sent: list[Frame], cuts: list[int]) -> None:
    stream = b"".join(frame.encode() for frame in sent)
    edges = sorted({0, len(stream), *(cut % len(stream) for cut in cuts)})
    decoder = codec.decoder()
    received = [event for a, b in pairwise(edges) for event in decoder.feed(stream[a:b])]
    assert received == sent


def test_every_split_of_a_short_stream(codec: Codec) -> None:
    sent = [Frame(2, 1, b"\0a\0"), Frame(0x82, 65535)]
    stream = b"".join(frame.encode() for frame in sent)
    for first in range(len(stream) + 1):
        for second in range(first, len(stream) + 1):
            decoder = codec.decoder()
            parts = (stream[:first], stream[first:second], stream[second:])
            assert [event for part in parts for event in decoder.feed(part)] == sent


@given(frames, st.integers(0, 10**6), st.integers(1, 255))
def test_any_changed_byte_is_noticed(codec: Codec, frame: Frame, where: int, change: int) -> None:
    stream = bytearray(frame.encode())
    stream[where % (len(stream) - 1)] ^= change
    events = codec.decoder().feed(bytes(stream))
    assert frame not in events
    assert all(isinstance(event, FrameFault) for event in events)


@given(st.binary(max_size=300), frames)
def test_it_finds_back_after_garbage(codec: Codec, garbage: bytes, frame: Frame) -> None:
    events = codec.decoder().feed(garbage + b"\0" + frame.encode())
    assert events[-1] == frame


alphabet = st.sampled_from([0, 0, 1, 2, 3, 4, 254, 255, 65])


@settings(max_examples=300)
@given(
    st.lists(st.one_of(st.lists(alphabet, max_size=40).map(bytes), frames.map(Frame.encode)), max_size=8),
    st.sampled_from([0, 5, 30, 1024]),
)
def test_both_decoders_see_the_same(link_library: Any, parts: list[bytes], max_payload: int) -> None:
    stream = b"".join(parts)
    assert CDecoder(link_library, max_payload).feed(stream) == FrameDecoder(max_payload).feed(stream)


@pytest.mark.parametrize("max_payload", [0, 1, 243, 244, 245, 498, 1024])
def test_a_frame_may_be_as_long_as_the_limit_and_no_longer(codec: Codec, max_payload: int) -> None:
    for zero in (False, True):
        longest = Frame(2, 3, (b"\0" if zero else b"\x07") * max_payload)
        longer = naive_frame(2, 4, longest.payload + b"\x07")
        decoder = codec.decoder(max_payload)
        assert decoder.feed(longest.encode() + longer + longest.encode()) == [longest, FrameFault.FRAMING, longest]


def test_an_endless_frame_is_one_fault(codec: Codec) -> None:
    decoder = codec.decoder(16)
    after = Frame(2, 3, b"x")
    for _ in range(50):
        assert decoder.feed(b"\x09" * 1000) == []
    assert decoder.feed(b"\0" + after.encode()) == [FrameFault.FRAMING, after]


def test_an_endless_frame_takes_no_memory() -> None:
    decoder = FrameDecoder(16)
    for _ in range(50):
        decoder.feed(b"\x09" * 1000)
    assert len(decoder._pending) <= 16 + 16


def test_c_refuses_a_payload_beyond_its_limit(link_library: Any) -> None:
    codec = c_codec(link_library)
    assert codec.encode(Frame(2, 3, bytes(1024))) == naive_frame(2, 3, bytes(1024))
    assert codec.encode(Frame(2, 3, bytes(1025))) == b""


@pytest.mark.parametrize("length", [0, 1, 2, 5, 253, 254, 255, 256, 508, 509])
@pytest.mark.parametrize("zero_every", [0, 1, 3])
def test_c_cobs_never_writes_beyond_its_capacity(link_library: Any, length: int, zero_every: int) -> None:
    data = bytes(0 if zero_every and i % zero_every == 0 else 9 for i in range(length))
    needed = naive_cobs(data)
    for capacity in range(len(needed) + 4):
        expected = needed if capacity >= len(needed) else b""
        assert c_cobs_encode(link_library, data, capacity) == expected
