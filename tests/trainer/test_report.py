"""``report.html``: every section, nothing from elsewhere, and no name that becomes markup."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from example_summary import example_summary

from trainer.report import write_report
from trainer.report.page import render_report
from trainer.report.reproduce import config_toml
from trainer.summary import RunSummary
from trainer.summary.messages import MessageSummary

HOSTILE = "<script>alert('x')</script> & $\\frac{1}{0}$ \"q\""
VOID = {"meta", "br", "img", "link", "hr", "input"}


class Page(HTMLParser):
    """Tags with their attributes, texts, and tags that are closed in the wrong order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"{tag} is closed out of order"

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def ids(self) -> list[str]:
        return [value for _, attributes in self.tags if (value := attributes.get("id")) is not None]


@pytest.fixture(scope="module")
def html() -> str:
    return render_report(example_summary())


def test_every_section_is_there(html: str) -> None:
    page = Page(html)
    sections = {
        "figures",
        "verification",
        "training",
        "pruning",
        "clients",
        "federation",
        "memory",
        "layers",
        "reproduce",
        "versions",
    }
    assert sections <= set(page.ids)
    assert not page.open
    pictures = [attributes for tag, attributes in page.tags if tag == "svg"]
    assert len(pictures) == 9
    assert all(picture["role"] == "img" and picture["aria-label"] for picture in pictures)


def test_headline_figures_are_the_summarys(html: str) -> None:
    texts = Page(html).texts
    wanted = {"98.30 %", "98.10 %", "80.00 %", "654,321", "9.0 KiB", "5.8 KiB", "1.1 KiB"}
    assert wanted <= set(texts), wanted - set(texts)
    assert "63x less" in " ".join(texts)  # 70000 / 1111


def test_nothing_comes_from_elsewhere(html: str) -> None:
    assert not re.findall(r"https?:|//[a-z]|@import|<script|<link|<iframe", html, re.IGNORECASE)
    for _, attributes in Page(html).tags:
        for name in ("src", "href", "xlink:href"):
            assert (attributes.get(name) or "#").startswith(("#", "data:image/png;base64,"))


def test_identifiers_are_unique_and_references_lead_somewhere(html: str) -> None:
    ids = Page(html).ids
    assert len(ids) == len(set(ids))
    targets = re.findall(r'(?:href="#|url\(#)([^")]+)', html)
    assert targets
    assert set(targets) <= set(ids)


def hostile_summary() -> RunSummary:
    summary = example_summary(classes=(HOSTILE, "one", "two"))
    layers = (summary.layers[0].model_copy(update={"name": HOSTILE}), *summary.layers[1:])
    config = summary.config | {"model": HOSTILE, "dataset": HOSTILE}
    return summary.model_copy(update={"layers": layers, "config": config, "versions": {HOSTILE: HOSTILE}})


def test_hostile_names_stay_text() -> None:
    text = render_report(hostile_summary())
    page = Page(text)
    assert "script" not in {tag for tag, _ in page.tags}
    assert not page.open
    assert HOSTILE in "".join(page.texts)


@pytest.mark.parametrize("differing", [0, 3])
def test_the_verdict_says_whether_the_board_agrees(differing: int) -> None:
    summary = example_summary()
    assert summary.device is not None
    device = summary.device.model_copy(update={"mismatched_samples": differing})
    text = " ".join(Page(render_report(summary.model_copy(update={"device": device}))).texts)
    assert ("Every output byte of 360 test samples equals" in text) == (differing == 0)
    assert ("3 of 360 samples differ" in text) == (differing == 3)


def test_a_run_without_a_board_has_no_memory_section() -> None:
    page = Page(render_report(example_summary().model_copy(update={"firmware": None, "device": None})))
    assert not {"memory", "verification"} & set(page.ids)
    assert {"training", "federation"} <= set(page.ids)


def test_one_round_can_be_drawn() -> None:
    text = render_report(example_summary(rounds=1))
    assert "after 1 round." in text
    assert "1 rounds" not in text


def test_the_same_summary_gives_the_same_file(tmp_path: Path, html: str) -> None:
    write_report(example_summary(), tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text() == html


def test_options_are_toml_that_says_the_same() -> None:
    import tomllib

    summary = example_summary()
    config = summary.config | {"model": HOSTILE, "nested": [1, 2], "flag": True, "small": 1e-7}
    text = config_toml(summary.model_copy(update={"config": config}))
    assert tomllib.loads(text) == {key: value for key, value in config.items() if key != "out"}


def test_messages_to_clients_elsewhere_have_a_table_where_there_were_any(html: str) -> None:
    sent = MessageSummary(
        kind="train", count=7, bytes_down=123_000, bytes_up=124_000, values_down=120_000, values_up=121_000
    )
    page = Page(render_report(example_summary().model_copy(update={"messages": (sent,)})))
    assert "messages" in page.ids
    assert {"train", "7", "123,000", "121,000"} <= set(page.texts)
    assert "messages" not in Page(html).ids
