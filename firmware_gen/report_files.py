"""What lies beside a generated project for people and tools: ``report.json``, ``report.html`` and ``ram_map.svg``."""

from pathlib import Path

from firmware_gen.out_folder import REPORT_NAME
from firmware_gen.page.page import render_page
from firmware_gen.page.ram_map import ram_map_drawing
from firmware_gen.report import FirmwareReport
from host_bridge.atomic import write_whole
from pages.drawing import svg_file

PAGE_NAME = "report.html"
RAM_MAP_NAME = "ram_map.svg"


def write_report_files(report: FirmwareReport, folder: Path) -> None:
    """Write the three views of a report into an existing folder, each whole.

    Raises:
        UserError: a file cannot be written.
    """
    write_whole(folder / REPORT_NAME, report.model_dump_json(indent=2) + "\n")
    write_whole(folder / PAGE_NAME, render_page(report))
    write_whole(folder / RAM_MAP_NAME, svg_file(ram_map_drawing(report)))
