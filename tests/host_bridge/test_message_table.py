"""The message table, the dataclasses and the document that repeat it, and the C header rendered from it."""

import dataclasses
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from host_bridge import messages
from host_bridge.c_header import render_messages_header
from host_bridge.client import BoardInfo, BoardStats, SelfTest

ROOT = Path(__file__).parents[2]
INCLUDE = ROOT / "firmware_gen" / "runtime" / "include"


def test_codes_are_unique_and_requests() -> None:
    codes = [message.code for message in messages.MESSAGES]
    assert len(set(codes)) == len(codes)
    assert all(0 < code < messages.REPLY_BIT for code in codes)
    reserved = {messages.WORKING_CODE, messages.ERROR_CODE}
    assert not reserved & {message.reply_code for message in messages.MESSAGES}
    errors = [error.code for error in messages.ERRORS]
    assert len(set(errors)) == len(errors)


def test_data_comes_last_and_everything_fits_the_smallest_payload() -> None:
    for message in messages.MESSAGES:
        for fields in (message.request, message.reply):
            assert all(field.kind != "data" for field in fields[:-1])
            assert messages.fixed_bytes(fields) <= messages.SMALLEST_MAX_PAYLOAD


@pytest.mark.parametrize(
    ("kind", "message"),
    [(BoardInfo, messages.INFO), (BoardStats, messages.STATS), (SelfTest, messages.SELFTEST)],
)
def test_dataclasses_have_the_fields_of_their_reply(kind: type, message: messages.Message) -> None:
    assert [field.name for field in dataclasses.fields(kind)] == [field.name for field in message.reply]


def test_the_document_lists_what_the_table_has() -> None:
    text = (ROOT / "docs" / "protocol.md").read_text()
    for message in messages.MESSAGES:
        assert re.search(rf"\| 0x{message.code:02X} \| {message.name.upper()} \|", text), message.name
        for fields in (message.request, message.reply):
            offset = 0
            for field in fields:
                assert f"| {offset} | {field.name} | {field.kind} |" in text, (message.name, field.name)
                offset += messages.FIELD_BYTES[field.kind]
    for error in messages.ERRORS:
        assert f"| {error.code} | {error.name} |" in text, error.name


def test_the_header_is_the_same_every_time() -> None:
    code = "from host_bridge.c_header import render_messages_header as render; print(render(), end='')"
    again = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert again.stdout == render_messages_header()


def test_the_header_is_formatted() -> None:
    tool = shutil.which("clang-format", path=str(Path(sys.executable).parent)) or shutil.which("clang-format")
    if tool is None:
        pytest.skip("clang-format is not installed: pip install -r requirements-dev.txt")
    command = [tool, f"--style=file:{ROOT / '.clang-format'}", "--assume-filename=fp_messages.h"]
    formatted = subprocess.run(command, input=render_messages_header(), capture_output=True, text=True, check=True)
    assert formatted.stdout == render_messages_header()


def test_the_header_has_the_numbers_of_the_table() -> None:
    """By hand from docs/protocol.md, not from the table."""
    header = render_messages_header()
    for line in (
        "#define FP_PROTOCOL_VERSION 1u",
        "#define FP_HEADER_BYTES 6u",
        "    FP_MSG_INFER = 0x11,",
        "    FP_LINK_BAD_STATE = 5,",
        "#define FP_INFO_REPLY_BOARD_NAME 94u",
        "#define FP_INFO_REPLY_BYTES 127u",
        "#define FP_INFER_REQUEST_BYTES_MAX FP_MAX_PAYLOAD",
        "#define FP_OUTPUT_REQUEST_BYTES_MAX FP_OUTPUT_REQUEST_BYTES",
        "#define FP_STATS_REPLY_UPTIME_TICKS 36u",
    ):
        assert line in header.splitlines()


def compile_device(folder: Path, compiler: str, *options: str) -> "subprocess.CompletedProcess[str]":
    (folder / "fp_messages.h").write_text(render_messages_header())
    command = [compiler, "-Wall", "-Wextra", "-Werror", f"-I{INCLUDE}", f"-I{folder}", *options, "-fsyntax-only"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("limit", [128, 1024, 4096, 32768])
def test_the_device_compiles_for_other_payload_limits(tmp_path: Path, limit: int) -> None:
    sources = [str(INCLUDE.parent / "src" / f"fp_{name}.c") for name in ("device", "requests", "frame")]
    result = compile_device(tmp_path, "gcc", "-std=c99", f"-DFP_MAX_PAYLOAD={limit}u", *sources)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("limit", [127, 32769])
def test_a_payload_limit_out_of_range_is_refused(tmp_path: Path, limit: int) -> None:
    source = str(INCLUDE.parent / "src" / "fp_device.c")
    result = compile_device(tmp_path, "gcc", "-std=c99", f"-DFP_MAX_PAYLOAD={limit}u", source)
    assert "FP_MAX_PAYLOAD must be 128 to 32768" in result.stderr


@pytest.mark.parametrize("header", ["bytes", "cobs", "crc32", "frame", "device", "requests", "port", "messages"])
def test_headers_stand_alone_in_c_and_cpp(tmp_path: Path, header: str) -> None:
    source = tmp_path / "one.c"
    source.write_text(f'#include "fp_{header}.h"\n#include "fp_{header}.h"\n')
    for compiler, options in (("gcc", ("-std=c99",)), ("g++", ("-std=c++11", "-x", "c++"))):
        result = compile_device(tmp_path, compiler, *options, str(source))
        assert result.returncode == 0, result.stderr
