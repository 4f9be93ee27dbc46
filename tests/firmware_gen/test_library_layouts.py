"""Layouts of libraries: files where build systems look for them, metadata as their specifications ask for it."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from library_c import CXX_WARNINGS, run
from op_cases import CASES

from firmware_gen.library import LAYOUTS, build_library
from firmware_gen.toolchain import build_tool

ROOT = Path(__file__).parents[2]
SEMVER = re.compile(r"\d+\.\d+\.\d+")
ARDUINO_CATEGORIES = {
    "Display", "Communication", "Signal Input/Output", "Sensors", "Device Control", "Timing", "Data Storage",
    "Data Processing", "Other",
}  # fmt: skip
ARDUINO_FIELDS = (
    "name", "version", "author", "maintainer", "sentence", "paragraph", "category", "url", "architectures",
)  # fmt: skip
ARDUINO_STUB = """
#include <stddef.h>
#include <stdint.h>
struct FakeSerial {
  void begin(unsigned long) {}
  void print(const char *) {}
  void print(int) {}
  void println(const char *) {}
  void println(unsigned long) {}
  void println(double, int) {}
};
extern FakeSerial Serial;
unsigned long micros();
void delay(unsigned long);
"""
ZEPHYR_STUB = """
cmake_minimum_required(VERSION 3.20)
project(application C)
set(CONFIG_FP_NET_NET y)
function(zephyr_include_directories)
  include_directories(${ARGN})
endfunction()
macro(zephyr_library_named name)
  set(CURRENT ${name})
  add_library(${name} STATIC)
endmacro()
macro(zephyr_library_include_directories)
  target_include_directories(${CURRENT} PRIVATE ${ARGN})
endmacro()
macro(zephyr_library_sources)
  target_sources(${CURRENT} PRIVATE ${ARGN})
endmacro()
add_subdirectory("${MODULE}/zephyr" module)
"""


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("libraries")
    model = folder / "net.tflite"
    model.write_bytes(next(case for case in CASES if case.name == "network").model())
    for layout in LAYOUTS:
        build_library([model], folder / layout, layout=layout)
    return {layout: folder / layout for layout in LAYOUTS}


def _files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_layouts_add_files_and_change_none(libraries: dict[str, Path]) -> None:
    plain = _files(libraries["plain"])
    extra = {
        "cmake": {"CMakeLists.txt"},
        "zephyr": {"zephyr/module.yml", "zephyr/Kconfig", "zephyr/CMakeLists.txt"},
        "platformio": {"library.json"},
    }
    for layout, names in extra.items():
        assert _files(libraries[layout]) == plain | names
        for path in plain - {"report.json"}:
            assert (libraries[layout] / path).read_bytes() == (libraries["plain"] / path).read_bytes()
    moved = {f"src/{Path(name).name}" for name in plain - {"report.json"}}
    sketch = {"library.properties", "examples/Inference/Inference.ino", "report.json"}
    assert _files(libraries["arduino"]) == moved | sketch


def test_arduino_properties(libraries: dict[str, Path]) -> None:
    lines = (libraries["arduino"] / "library.properties").read_text().splitlines()
    fields = dict(line.split("=", 1) for line in lines)
    assert len(fields) == len(lines)
    assert fields.keys() >= set(ARDUINO_FIELDS)
    assert all(value.strip() for value in fields.values())
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 _.\-]{0,62}", fields["name"])
    assert SEMVER.fullmatch(fields["version"])
    assert fields["category"] in ARDUINO_CATEGORIES
    assert fields["url"].startswith("https://")
    assert fields["architectures"] == "*"
    assert not fields["sentence"].startswith(fields["name"])
    for header in fields["includes"].split(","):
        assert (libraries["arduino"] / "src" / header).is_file()


@pytest.mark.parametrize("compiler", ["g++", "clang++"])
def test_arduino_sketch_compiles(libraries: dict[str, Path], compiler: str, tmp_path: Path) -> None:
    """Arduino makes a sketch C++ by putting its own header in front."""
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    (tmp_path / "Arduino.h").write_text(ARDUINO_STUB)
    sketch = libraries["arduino"] / "examples" / "Inference" / "Inference.ino"
    flags = [flag for flag in CXX_WARNINGS if flag not in ("-Wconversion", "-Wdouble-promotion")]
    run(compiler, "-std=gnu++11", *flags, "-include", tmp_path / "Arduino.h",
        f"-I{libraries['arduino'] / 'src'}", "-fsyntax-only", "-x", "c++", sketch)  # fmt: skip


def test_arduino_sources_find_each_other(libraries: dict[str, Path]) -> None:
    src = libraries["arduino"] / "src"
    run("gcc", "-std=gnu11", f"-I{src}", "-fsyntax-only", *sorted(src.glob("*.c")))


def test_platformio_manifest(libraries: dict[str, Path]) -> None:
    folder = libraries["platformio"]
    manifest = json.loads((folder / "library.json").read_text())
    known = {"name", "version", "description", "keywords", "license", "headers", "frameworks", "platforms", "build"}
    assert manifest.keys() == known
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 _.\-]{0,49}", manifest["name"])
    assert SEMVER.fullmatch(manifest["version"])
    assert manifest["license"] == "Apache-2.0"
    assert (manifest["frameworks"], manifest["platforms"]) == ("*", "*")
    assert manifest["build"].keys() <= {"srcDir", "includeDir", "flags"}
    assert (folder / manifest["build"]["srcDir"]).is_dir()
    for header in manifest["headers"]:
        assert (folder / manifest["build"]["includeDir"] / header).is_file()


def test_zephyr_module(libraries: dict[str, Path]) -> None:
    folder = libraries["zephyr"]
    text = (folder / "zephyr" / "module.yml").read_text()
    pairs = dict(re.findall(r"^ *(\w+): (\S+)$", text, re.MULTILINE))
    assert pairs == {"name": "fp_net_net", "cmake": "zephyr", "kconfig": "zephyr/Kconfig"}
    assert re.search(r"^build:$", text, re.MULTILINE)
    assert (folder / pairs["cmake"] / "CMakeLists.txt").is_file()
    kconfig = (folder / pairs["kconfig"]).read_text()
    assert re.search(r'^config FP_NET_NET\n\tbool "[\w-]+"\n\thelp\n\t  \S', kconfig, re.MULTILINE)
    assert "if(CONFIG_FP_NET_NET)" in (folder / "zephyr" / "CMakeLists.txt").read_text()


def _build(project: Path, build: Path, *options: str) -> Path:
    run(build_tool("cmake"), "-S", project, "-B", build, "-G", "Ninja",
        f"-DCMAKE_MAKE_PROGRAM={build_tool('ninja')}", "-DCMAKE_C_COMPILER=gcc", *options)  # fmt: skip
    run(build_tool("cmake"), "--build", build)
    return next(build.rglob("libfp_net_net.a"))


def _functions(archive: Path) -> set[str]:
    listed = subprocess.run(["nm", "-g", "--defined-only", archive], capture_output=True, text=True, check=True)
    return {line.split()[2] for line in listed.stdout.splitlines() if len(line.split()) == 3}


def test_cmake_and_zephyr_build_the_same(libraries: dict[str, Path], tmp_path: Path) -> None:
    """Zephyr's functions are stood in for by CMake's own."""
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "CMakeLists.txt").write_text(ZEPHYR_STUB)
    plain = _functions(_build(libraries["cmake"], tmp_path / "cmake"))
    zephyr = _functions(_build(tmp_path / "app", tmp_path / "zephyr", f"-DMODULE={libraries['zephyr']}"))
    assert plain == zephyr
    assert {"fp_net_net_init", "fp_net_net_invoke", "fp_net_net_model", "fp_conv_run"} <= plain


def _cli(*arguments: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "firmware_gen", "build", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=200, cwd=ROOT)


def test_command_line(libraries: dict[str, Path], tmp_path: Path) -> None:
    model = libraries["plain"].parent / "net.tflite"
    done = _cli(
        model, "--format", "lib", "--layout", "cmake", "--name", "Two Words", "--out", tmp_path / "out", "--json"
    )
    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    assert report == json.loads((tmp_path / "out" / "report.json").read_text())
    assert (report["library"], report["layout"]) == ("fp_net_two_words", "cmake")


@pytest.mark.parametrize(
    ("arguments", "fragment"),
    [
        (("--format", "lib", "--board", "mps2_an386"), "--board has no meaning with --format lib"),
        (("--format", "lib", "--target", "native"), "--target has no meaning"),
        (("--layout", "cmake", "--board", "mps2_an386"), "--layout has no meaning with --format firmware"),
        (("--name", "x", "--board", "mps2_an386"), "--name has no meaning"),
        ((), "a firmware needs --board"),
        (("{model}", "--board", "mps2_an386"), "a firmware holds one model"),
        (("--format", "zip"), "--format"),
    ],
)
def test_mistakes_are_one_line(
    libraries: dict[str, Path], tmp_path: Path, arguments: tuple[str, ...], fragment: str
) -> None:
    model = libraries["plain"].parent / "net.tflite"
    done = _cli(model, *(one.format(model=model) for one in arguments), "--out", tmp_path / "out")
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert fragment in done.stderr
    assert list(tmp_path.iterdir()) == []
