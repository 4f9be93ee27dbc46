"""Pictures without a plotting library: well-formed, escaped, readable."""

from xml.etree import ElementTree

from pages.drawing import Box, Drawing, Line, Words, first_fitting, fitted, inline_svg, svg_file, text_width

HOSTILE = '"><script>alert(1)</script>&<!--'
SHAPES = (Box(0, 0, 10, -1, "#fff", HOSTILE), Line(0, 0, 1, 1, "#000", "4 3"), Words(5, 5, HOSTILE, turn=-45))
DRAWING = Drawing(100, 50, HOSTILE, SHAPES)


def test_files_are_xml_and_keep_what_is_written() -> None:
    root = ElementTree.fromstring(svg_file(DRAWING))
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    texts = [one.text for one in root.iter() if one.text and one.text.strip()]
    assert texts == [HOSTILE] * 3
    assert [one.get("height") for one in root.iter("{http://www.w3.org/2000/svg}rect")] == ["100%", "0.0"]


def test_inline_pictures_cannot_leave_their_place() -> None:
    assert "<script" not in inline_svg(DRAWING)
    assert ElementTree.fromstring(inline_svg(DRAWING)).get("aria-label") == HOSTILE


def test_texts_are_cut_to_what_fits() -> None:
    assert fitted("short", 100) == "short"
    cut = fitted("a/very/long/name", 60)
    assert cut.startswith("…") and cut.endswith("name") and text_width(cut) <= 60
    assert fitted("a/very/long/name", 10) == ""
    assert first_fitting(("far too long for this", "short"), 40) == "short"
    assert first_fitting(("far too long for this",), 40) == ""
