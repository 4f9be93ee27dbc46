"""The message table: every number that host and board must agree on, written down once.

``docs/protocol.md`` explains it, :mod:`host_bridge.payload` packs and unpacks it, and
:mod:`host_bridge.c_header` renders it as ``fp_messages.h`` for the firmware.
"""

from host_bridge import learning_messages as learning
from host_bridge.message import FIELD_BYTES, REPLY_BIT, ErrorCode, Field, FieldKind, Message, fixed_bytes, has_data

__all__ = ["FIELD_BYTES", "REPLY_BIT", "ErrorCode", "Field", "FieldKind", "Message", "fixed_bytes", "has_data"]

PROTOCOL_VERSION = 1
DEFAULT_MAX_PAYLOAD = 1024
"""Payload bytes a board takes and sends at most, unless built with another ``FP_MAX_PAYLOAD``; INFO tells."""
SMALLEST_MAX_PAYLOAD = 128
LARGEST_MAX_PAYLOAD = 32768
CRC_BYTES = 4

FLAG_SESSION = 1
"""Header flag: :data:`SESSION_BLOCK` follows the header."""
FLAG_TAG = 2
"""Header flag: :data:`COUNTER_BLOCK` follows the session's block, and a tag of ``TAG_BYTES`` the payload."""
TAG_BYTES = 16

HEADER = (
    Field("version", "u8", "protocol version"),
    Field("type", "u8", "message type; bit 7 set in replies"),
    Field("sequence", "u16", "chosen by the host, repeated in the reply"),
    Field("flags", "u16", "header extensions in use; 0 in this version"),
)
HEADER_BYTES = fixed_bytes(HEADER)
SESSION_BLOCK = (Field("session", "u32", "number of the session; not 0"),)
COUNTER_BLOCK = (Field("counter", "u32", "request: higher than any before in the session; reply: that of the request"),)

INFO = Message(
    "info",
    0x01,
    (),
    (
        Field("protocol", "u8", "protocol version the board speaks"),
        Field("model_format", "u8", "FP_MODEL_FORMAT the firmware was generated for"),
        Field("flags", "u16", "header flags the board understands"),
        Field("max_payload", "u16", "largest payload the board takes or sends, in bytes"),
        Field("window", "u32", "encoded bytes the host may have unanswered"),
        Field("arena_bytes", "u32", "the model's working memory"),
        Field("input_bytes", "u32", "the model's input, int8 NHWC"),
        Field("output_bytes", "u32", "the model's output, int8"),
        Field("tick_hz", "u32", "ticks a second of every tick count"),
        Field("selftest_crc32", "u32", "CRC-32 of the output that SELFTEST must give"),
        Field("model_sha256", "digest", "SHA-256 of the .tflite file"),
        Field("model_name", "text", "the model's name"),
        Field("board_name", "text", "the board's name"),
        Field("under_way", "u8", "requests the host may have unanswered at a time"),
    ),
    "who are you; empties the reply cache, so it opens every conversation",
)
PING = Message(
    "ping", 0x02, (Field("echo", "data", "any bytes"),), (Field("echo", "data", "the same bytes"),), "echo the payload"
)
STATS = Message(
    "stats",
    0x03,
    (),
    (
        Field("frames_ok", "u32", "frames received with a correct CRC, this one included"),
        Field("crc_errors", "u32", "frames dropped because of their CRC"),
        Field("framing_errors", "u32", "frames dropped as broken COBS, too short or too long"),
        Field("rx_lost", "u32", "bytes lost in the receive ring or by overrun"),
        Field("repeats", "u32", "requests answered from the reply cache"),
        Field("inferences", "u32", "runs of the model, self-tests included"),
        Field("stack_used", "u32", "deepest stack use in bytes; 0 where it is not measured"),
        Field("last_ticks", "u64", "ticks of the latest run of the model"),
        Field("uptime_ticks", "u64", "ticks since the link was initialised"),
        Field("refusals", "u32", "requests answered with ERROR"),
    ),
    "counters since reset",
)
FAULT = Message(
    "fault",
    0x05,
    (),
    (
        Field("count", "u32", "faults since power-up; 0: the rest means nothing"),
        Field("exception", "u32", "number of the exception, 3 a hard fault (Arm DDI 0403, B1.5.2)"),
        Field("status", "u32", "the core's CFSR (B3.2.15); 0 on cores without"),
        Field("hard_status", "u32", "the core's HFSR (B3.2.16); 0 on cores without"),
        Field("address", "u32", "what was accessed, where the core knows; else 0"),
        Field("pc", "u32", "the instruction; 0 where the stack was lost"),
        Field("lr", "u32", "where it would have returned to; 0 where the stack was lost"),
        Field("sp", "u32", "the stack pointer in the handler"),
    ),
    "the latest fault since power-up; a board resets after one",
)
SELFTEST = Message(
    "selftest",
    0x04,
    (),
    (
        Field("ticks", "u64", "ticks of the run"),
        Field("output_crc32", "u32", "CRC-32 of the output"),
        Field("expected_crc32", "u32", "what it has to be"),
    ),
    "run the model on its built-in input",
)
INPUT = Message(
    "input",
    0x10,
    (Field("offset", "u32", "position of the chunk in the model's input"), Field("chunk", "data", "input bytes")),
    (Field("filled", "u32", "input bytes present, from the start"),),
    "write a part of the model's input",
)
INFER = Message(
    "infer",
    0x11,
    (Field("offset", "u32", "position of the chunk in the model's input"), Field("chunk", "data", "the last bytes")),
    (Field("ticks", "u64", "ticks of the run"), Field("output", "data", "output bytes, as many as fit")),
    "write the last part of the input and run the model",
)
OUTPUT = Message(
    "output",
    0x12,
    (Field("offset", "u32", "position in the model's output"), Field("length", "u16", "bytes wanted")),
    (Field("chunk", "data", "output bytes"),),
    "read a part of the latest output",
)
OPEN = Message(
    "open",
    0x40,
    (),
    (Field("previous", "u32", "the session that ends with this; 0: there was none since reset"),),
    "open the session that the header names; empties the reply cache",
)
HELLO = Message(
    "hello",
    0x41,
    (Field("nonce", "nonce", "the host's, random"),),
    (Field("nonce", "nonce", "the board's"), Field("proof", "nonce", "a tag that only the key's owner can make")),
    "agree on the keys of the next session; the only request without a tag where tags are asked for",
)
PUT_BEGIN = Message(
    "put_begin",
    0x50,
    (
        Field("kind", "u8", "what is sent: a number the application gives a meaning"),
        Field("item", "u32", "which one of that kind"),
        Field("total", "u32", "length of the whole, in bytes"),
        Field("crc32", "u32", "CRC-32 of the whole"),
        Field("chunk_bytes", "u16", "length of every chunk but the last"),
    ),
    (
        Field("present", "u32", "bytes present, from the start without a gap"),
        Field("beyond", "u32", "bit i: chunk i + 1 behind the first missing one is present"),
    ),
    "begin to send bytes to the board, or go on where it stopped",
)
PUT_CHUNK = Message(
    "put_chunk",
    0x51,
    (Field("offset", "u32", "position of the chunk in the whole"), Field("chunk", "data", "its bytes")),
    (Field("present", "u32", "bytes present, from the start without a gap"),),
    "send a chunk",
)
PUT_END = Message(
    "put_end",
    0x52,
    (Field("crc32", "u32", "CRC-32 of the whole, as in PUT_BEGIN"),),
    (Field("total", "u32", "length of the whole, in bytes"),),
    "check the whole and hand it to the application",
)
GET_BEGIN = Message(
    "get_begin",
    0x53,
    (
        Field("kind", "u8", "what is wanted: a number the application gives a meaning"),
        Field("item", "u32", "which one of that kind"),
    ),
    (Field("total", "u32", "length of the whole, in bytes"), Field("crc32", "u32", "CRC-32 of the whole")),
    "begin to fetch bytes from the board",
)
GET_CHUNK = Message(
    "get_chunk",
    0x54,
    (Field("offset", "u32", "position in the whole"), Field("length", "u16", "bytes wanted")),
    (Field("chunk", "data", "its bytes"),),
    "fetch a chunk",
)
TRANSFER_STATUS = Message(
    "transfer_status",
    0x55,
    (),
    (
        Field("state", "u8", "0 none, 1 a put under way, 2 a put that has ended well, 3 a get"),
        Field("kind", "u8", "of the transfer"),
        Field("item", "u32", "of the transfer"),
        Field("total", "u32", "length of the whole, in bytes"),
        Field("crc32", "u32", "CRC-32 of the whole"),
        Field("present", "u32", "bytes present, from the start without a gap"),
        Field("beyond", "u32", "as in the reply of PUT_BEGIN"),
    ),
    "the latest transfer",
)
PROFILE = Message(
    "profile",
    0x70,
    (Field("call", "u16", "number of a call of the model"),),
    (Field("ticks", "u64", "ticks of the call"), Field("calls", "u16", "calls that the model has")),
    "run one call of the model on what lies in the arena; profiling builds only",
)
PEEK = Message(
    "peek",
    0x71,
    (Field("offset", "u32", "position in the arena"), Field("length", "u16", "bytes wanted")),
    (Field("chunk", "data", "arena bytes"),),
    "read a part of the arena; profiling builds only",
)
MESSAGES = (
    *(INFO, PING, STATS, FAULT, SELFTEST, INPUT, INFER, OUTPUT, OPEN, HELLO),
    *(PUT_BEGIN, PUT_CHUNK, PUT_END, GET_BEGIN, GET_CHUNK, TRANSFER_STATUS),
    *(PROFILE, PEEK),
    *learning.MESSAGES,
)

WORKING_CODE = 0xFE
"""Reply type: the request has arrived and runs; the reply proper follows. No payload."""
ERROR_CODE = 0xFF
"""Reply type: the request is refused; the payload is :data:`ERROR_REPLY`."""
ERROR_REPLY = (
    Field("code", "u16", "an error code"),
    Field("request", "u8", "type of the refused request"),
    Field("detail", "u32", "see the error code"),
)

ERRORS = (
    ErrorCode("bad_version", 1, "another protocol version", "the version the board speaks"),
    ErrorCode("unknown_type", 2, "no such request", "the type"),
    ErrorCode("bad_length", 3, "a payload too short or too long for its type", "the nearest length that is allowed"),
    ErrorCode("bad_offset", 4, "outside the model's input or output, or the transfer", "its size in bytes"),
    ErrorCode("bad_state", 5, "a gap, an input not complete, or nothing there yet", "bytes present, from the start"),
    ErrorCode("bad_flags", 6, "a header flag the board does not know", "the flags it knows"),
    ErrorCode("model_failed", 7, "the model did not run", "minus the runtime's fp_status"),
    ErrorCode("bad_kind", 8, "no such kind of transfer, or not in this direction", "the kind"),
    ErrorCode("bad_crc", 9, "what arrived is not what was announced; the transfer starts again", "the CRC-32 it has"),
    ErrorCode("bad_session", 10, "not the board's session", "the one it is in; 0: none, it was reset"),
    ErrorCode("needs_tag", 11, "the board obeys only who has its key", "the header flags it asks for"),
    ErrorCode("bad_tag", 12, "the tag is not that of the board's key and session", "the session the board is in"),
    ErrorCode("replayed", 13, "the session has seen this counter, or a higher one", "the highest one seen"),
    ErrorCode("no_entropy", 14, "the board has no random numbers for a nonce now", "the header flags it asks for"),
    *learning.ERRORS,
)
