"""Where a library's files lie, and what each build system wants to be told."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from firmware_gen.compiled import CompiledModel
from firmware_gen.emit.environment import template_environment
from firmware_gen.library.metadata import arduino_properties, platformio_manifest
from firmware_gen.library.names import CNames
from firmware_gen.runtime_files import is_kernel
from firmware_gen.version import TOOL_VERSION

Layout = Literal["plain", "cmake", "zephyr", "arduino", "platformio"]
Files = dict[str, str]


@dataclass(frozen=True)
class Pieces:
    """A library before it is laid out: texts by file name, and the models with their names."""

    headers: Files
    sources: Files
    library: CNames
    nets: tuple[tuple[CNames, CompiledModel], ...]

    @property
    def summary(self) -> str:
        """One line for people; plain ASCII without quotes."""
        names = ", ".join(names.name for names, _ in self.nets)
        return f"Inference of {names} in portable C, int8, with the weights compressed."


@dataclass(frozen=True)
class LayoutSpec:
    """A layout; ``files`` gives text by path, ``help`` says what it is for."""

    help: str
    files: Callable[[Pieces], Files]


def _plain(pieces: Pieces) -> Files:
    headers = {f"include/{name}": text for name, text in pieces.headers.items()}
    return headers | {f"src/{name}": text for name, text in pieces.sources.items()}


def _cmake(pieces: Pieces) -> Files:
    return _plain(pieces) | {"CMakeLists.txt": _render("CMakeLists.txt.j2", pieces)}


def _zephyr(pieces: Pieces) -> Files:
    templates = {"module.yml": "module.yml.j2", "Kconfig": "Kconfig.j2", "CMakeLists.txt": "zephyr.cmake.j2"}
    return _plain(pieces) | {f"zephyr/{path}": _render(template, pieces) for path, template in templates.items()}


def _arduino(pieces: Pieces) -> Files:
    """Arduino's library specification: everything that is compiled lies in one folder, which is the include path."""
    sources = pieces.headers | pieces.sources
    return {
        **{f"src/{name}": text for name, text in sources.items()},
        "library.properties": arduino_properties(
            pieces.library.title, pieces.summary, tuple(f"{names.stem}.h" for names, _ in pieces.nets)
        ),
        "examples/Inference/Inference.ino": _render("Inference.ino.j2", pieces),
    }


def _platformio(pieces: Pieces) -> Files:
    manifest = platformio_manifest(
        pieces.library.title, pieces.summary, tuple(f"{names.stem}.h" for names, _ in pieces.nets)
    )
    return _plain(pieces) | {"library.json": manifest}


def _render(template: str, pieces: Pieces) -> str:
    sources = sorted(name for name in pieces.sources if name.endswith(".c"))
    values = {
        "tool_version": TOOL_VERSION,
        "library": pieces.library,
        "nets": [names for names, _ in pieces.nets],
        "summary": pieces.summary,
        "kernels": [name for name in sources if is_kernel(name)],
        "sources": [name for name in sources if not is_kernel(name)],
    }
    return template_environment().get_template(f"library/{template}").render(values)


LAYOUTS: dict[Layout, LayoutSpec] = {
    "plain": LayoutSpec("include/ and src/, for any build system", _plain),
    "cmake": LayoutSpec("the same with a CMakeLists.txt, for add_subdirectory", _cmake),
    "zephyr": LayoutSpec("a Zephyr module", _zephyr),
    "arduino": LayoutSpec("an Arduino library with an example", _arduino),
    "platformio": LayoutSpec("a PlatformIO library", _platformio),
}
