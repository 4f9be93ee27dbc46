"""``report.json`` of a library."""

from pydantic import BaseModel, ConfigDict

from firmware_gen.library.layouts import Layout, Pieces
from firmware_gen.report import REPORT_VERSION, ModelReport
from firmware_gen.report_build import model_report


class LibraryReport(BaseModel):
    """What a library holds; ``models`` by the stem of their functions and files."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    report_version: int = REPORT_VERSION
    library: str
    layout: Layout
    models: dict[str, ModelReport]


def library_report(pieces: Pieces, layout: Layout) -> LibraryReport:
    """Everything that is known without a compiler."""
    models = {names.stem: model_report(one.graph, one.program, one.plan, one.optimize) for names, one in pieces.nets}
    return LibraryReport(library=pieces.library.stem, layout=layout, models=models)
