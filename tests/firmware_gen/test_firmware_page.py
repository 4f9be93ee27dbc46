"""``report.html`` of a firmware: whole, self-contained, true to ``report.json``, safe with any name."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from op_cases import CASES

from firmware_gen.boards import load_board
from firmware_gen.build import build_firmware
from firmware_gen.page.layers import layers_drawing
from firmware_gen.page.page import render_page
from firmware_gen.report import FirmwareReport
from pages.drawing import Words

NETWORK = next(case for case in CASES if case.name == "network")
REFERENCES = ("href", "src", "srcset", "action", "xlink:href")
VOID = {"meta", "rect", "line", "br"}


class Reader(HTMLParser):
    """Collects text and references, and checks that elements nest."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[str] = []
        self.references: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.references += [value or "" for name, value in attrs if name in REFERENCES]
        if tag not in VOID or tag == "rect":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del tag, attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, f"</{tag}> closes <{self.open[-1:]}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append(" ".join(data.split()))


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    assert not reader.open
    return reader


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> FirmwareReport:
    folder = tmp_path_factory.mktemp("model")
    (folder / "network.tflite").write_bytes(NETWORK.model())
    return build_firmware(folder / "network.tflite", load_board("mps2_an386"), folder / "out", target="native")


def test_page_needs_no_network(report: FirmwareReport) -> None:
    page = render_page(report)
    assert read(page).references == []
    assert not re.search(r"https?:|@import|url\(", page)


def test_page_lies_beside_the_report(report: FirmwareReport) -> None:
    folder: Path = report.elf.parents[1]
    assert (folder / "report.html").read_text() == render_page(report)
    assert (folder / "ram_map.svg").is_file()


def test_every_layer_and_every_candidate_is_shown(report: FirmwareReport) -> None:
    texts = read(render_page(report)).texts
    for layer in report.layers:
        assert layer.op in texts
        if layer.weights is not None:
            for size in layer.weights.candidate_bytes.values():
                assert f"{size:,}" in texts
            assert f"{layer.macs_saved:,}" in texts


def test_instructions_appear_once_they_are_measured(report: FirmwareReport) -> None:
    assert "Instructions are not measured yet" in render_page(report)
    layers = tuple(one.model_copy(update={"instructions": 4321 + n}) for n, one in enumerate(report.layers))
    page = render_page(report.model_copy(update={"layers": layers}))
    assert "Instructions are not measured yet" not in page
    assert "4,321" in read(page).texts
    drawing = layers_drawing(report.model_copy(update={"layers": layers}))
    words = [one.text for one in drawing.shapes if isinstance(one, Words)]
    assert "instructions" in words and f"together {sum(one.instructions or 0 for one in layers) / 1e3:,.1f} k" in words


def test_names_cannot_leave_their_place(report: FirmwareReport) -> None:
    hostile = "</td><script>alert(1)</script>\"'&"
    layers = tuple(one.model_copy(update={"name": hostile}) for one in report.layers)
    page = render_page(report.model_copy(update={"layers": layers, "model": hostile}))
    assert "<script" not in page
    assert hostile in read(page).texts
