"""Models as a C library: portable sources, two functions a model, in the layout of a build system."""

from collections.abc import Sequence
from pathlib import Path

from firmware_gen.compiled import CompiledModel, compile_file, unused_decoders
from firmware_gen.encodings.choice import DEFAULT, Optimize
from firmware_gen.library.layouts import LAYOUTS, Layout, Pieces
from firmware_gen.library.names import CNames, c_names
from firmware_gen.library.render import render_config, render_net
from firmware_gen.library.report import LibraryReport, library_report
from firmware_gen.out_folder import REPORT_NAME, check_out
from firmware_gen.runtime_files import library_files
from host_bridge.atomic import staged_directory
from host_bridge.errors import UserError

__all__ = ["LAYOUTS", "Layout", "LibraryReport", "build_library"]

_CONFIG = "fp_config.h"


def build_library(
    models: Sequence[Path],
    out: Path,
    *,
    layout: Layout = "plain",
    name: str | None = None,
    optimize: Optimize = DEFAULT,
) -> LibraryReport:
    """Write a library for one or several models, which share one copy of the runtime.

    Args:
        models: int8 ``.tflite`` files, at least one.
        out: library folder; replaced whole when everything succeeded, untouched otherwise.
        layout: which build system it is laid out for.
        name: of the library, and of its model where there is only one; by default the first file's.
        optimize: what encodings are chosen for.

    Raises:
        UserError: a model is not supported, two have one name, or ``out`` is not writable.
    """
    out = check_out(out)
    names = _names(models, name)
    compiled = [compile_file(model, optimize) for model in models]
    library = c_names(name or models[0].stem)
    headers, sources = library_files()
    pieces = Pieces(
        headers={path.name: _text(path) for path in headers} | {_CONFIG: _config(compiled)},
        sources={path.name: _text(path) for path in sources},
        library=library,
        nets=tuple(zip(names, compiled, strict=True)),
    )
    for one, model in pieces.nets:
        header, source = render_net(model, one)
        pieces.headers[f"{one.stem}.h"] = header
        pieces.sources[f"{one.stem}.c"] = source
    report = library_report(pieces, layout)
    with staged_directory(out) as staging:
        for path, text in LAYOUTS[layout].files(pieces).items():
            (staging / path).parent.mkdir(parents=True, exist_ok=True)
            (staging / path).write_text(text, encoding="utf-8")
        (staging / REPORT_NAME).write_text(report.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return report


def _names(models: Sequence[Path], name: str | None) -> list[CNames]:
    """What each model is called in C."""
    if len(models) == 1:
        return [c_names(name or models[0].stem)]
    names = [c_names(model.stem) for model in models]
    for position, one in enumerate(names):
        if one in names[:position]:
            first = models[names.index(one)]
            raise UserError(f"{first} and {models[position]} would both be {one.stem} in C; rename one of the files")
    return names


def _config(compiled: list[CompiledModel]) -> str:
    return render_config(unused_decoders(*(one.program for one in compiled)))


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")
