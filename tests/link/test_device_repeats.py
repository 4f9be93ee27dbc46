"""What a board does with repeated, broken and foreign frames."""

from link_naive import naive_cobs, naive_frame
from link_requests import SMALL_INPUT, MakeDevice, answers, ask, expected_output, sample, write

from host_bridge import messages
from host_bridge.frame import Frame, FrameFault


def infer_frame(sequence: int, x: bytes) -> bytes:
    return naive_frame(messages.INFER.code, sequence, write(0, x))


def test_a_repeated_run_is_answered_again_and_not_executed(make_device: MakeDevice) -> None:
    device = make_device()
    x = sample(SMALL_INPUT)
    working, first = answers(device, infer_frame(5, x))
    assert working.type == messages.WORKING_CODE
    for _ in range(3):
        assert answers(device, infer_frame(5, x)) == [first]
    stats = ask(device, messages.STATS, 6)
    assert (stats["inferences"], stats["repeats"]) == (1, 3)


def test_a_repeated_refusal_is_the_same_refusal(make_device: MakeDevice) -> None:
    device = make_device()
    request = naive_frame(messages.INPUT.code, 5, write(3, b"x"))
    (first,) = answers(device, request)
    assert first.type == messages.ERROR_CODE
    assert answers(device, request) == [first]


def test_the_same_sequence_with_other_content_is_a_new_request(make_device: MakeDevice) -> None:
    """Another host may by chance go on with the number that the last one stopped at."""
    device = make_device()
    for x in (sample(SMALL_INPUT), bytes(SMALL_INPUT)):
        _, reply = answers(device, infer_frame(5, x))
        assert reply.payload[8:] == expected_output(x, 10)


def test_only_the_latest_request_is_remembered(make_device: MakeDevice) -> None:
    device = make_device()
    x = sample(SMALL_INPUT)
    for frame in (infer_frame(5, x), naive_frame(messages.PING.code, 6), infer_frame(5, x)):
        device.send(frame)
    assert ask(device, messages.STATS, 7)["inferences"] == 2


def test_info_is_never_served_from_the_cache_and_empties_it(make_device: MakeDevice) -> None:
    device = make_device()
    x = sample(SMALL_INPUT)
    info = naive_frame(messages.INFO.code, 1)
    for frame in (info, info, infer_frame(5, x), info, infer_frame(5, x)):
        device.send(frame)
    stats = ask(device, messages.STATS, 7)
    assert (stats["inferences"], stats["repeats"]) == (2, 0)


def test_stats_repeated_show_the_same_numbers(make_device: MakeDevice) -> None:
    device = make_device()
    request = naive_frame(messages.STATS.code, 1)
    assert answers(device, request) == answers(device, request)


def test_frames_glued_together_are_all_answered(make_device: MakeDevice) -> None:
    device = make_device()
    sent = [naive_frame(messages.PING.code, i, sample(i)) for i in range(20)]
    replies = answers(device, *sent)
    assert replies == [Frame(messages.PING.reply_code, i, sample(i)) for i in range(20)]


def test_garbage_costs_only_the_frame_it_touches(make_device: MakeDevice) -> None:
    device = make_device()
    ping = [naive_frame(messages.PING.code, i) for i in range(4)]
    replies = answers(
        device, b"boot\r\n", ping[0], ping[1], b"\x01\x02\0\xff\xff\0", ping[2], b"noise", ping[3][:-1], b"\0"
    )
    assert [reply.sequence for reply in replies] == [1, 2]
    assert ask(device, messages.STATS, 9)["framing_errors"] == 4


def test_replies_are_not_answered(make_device: MakeDevice) -> None:
    device = make_device()
    for type_ in (messages.PING.reply_code, messages.WORKING_CODE, messages.ERROR_CODE, 0x80):
        assert answers(device, naive_frame(type_, 1, b"abcdefg")) == []


def test_every_unknown_type_is_refused_by_name(make_device: MakeDevice) -> None:
    device = make_device()
    known = {message.code for message in messages.MESSAGES}
    for type_ in set(range(0x80)) - known:
        (reply,) = answers(device, naive_frame(type_, 1, b"abc"))
        assert (reply.type, reply.payload) == (0xFF, bytes([2, 0, type_, type_, 0, 0, 0]))


def test_a_payload_beyond_the_largest_is_dropped_and_counted(make_device: MakeDevice) -> None:
    device = make_device()
    assert answers(device, naive_frame(messages.PING.code, 1, bytes(1025))) == []
    assert answers(device, naive_frame(messages.PING.code, 2, b"\x01" * 5000)) == []
    assert ask(device, messages.PING, 3, echo=bytes(1024)) == {"echo": bytes(1024)}
    assert ask(device, messages.STATS, 4)["framing_errors"] == 2


def test_a_truncated_frame_is_dropped_and_counted(make_device: MakeDevice) -> None:
    whole = naive_frame(messages.PING.code, 1, b"abcdef")
    for length in range(1, len(whole) - 1):
        device = make_device()
        assert answers(device, whole[:length], b"\0") == []
        stats = ask(device, messages.STATS, 4)
        assert int(str(stats["framing_errors"])) + int(str(stats["crc_errors"])) == 1, length


def test_all_short_raw_frames(make_device: MakeDevice) -> None:
    device = make_device()
    for length in range(10):
        assert answers(device, naive_cobs(b"\x01" * length) + b"\0") == []
    assert ask(device, messages.STATS, 4)["framing_errors"] == 10


def test_fault_names() -> None:
    assert [fault.value for fault in FrameFault] == ["crc", "framing"]
