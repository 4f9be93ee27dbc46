"""Generated libraries: two models of one equal the oracle; clean as C99 and C++; bad calls are refused."""

import ctypes
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from library_c import CXX_WARNINGS, LibraryModel, Net, aligned, run, shared_object, sources
from native_model import WARNINGS
from op_cases import CASES, OpCase, case_inputs

from firmware_gen.library import LibraryReport, build_library
from firmware_gen.library.names import c_names
from firmware_gen.library.render import float_literal
from firmware_gen.oracle import run_oracle
from host_bridge.errors import UserError

OK, ERR_ARGUMENT, ERR_CAPACITY = 0, -1, -3
PAIR = ("network", "spatial_output")
HOSTILE = '1 "); #error x\n* $(rm) ü?'

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")


def _case(name: str) -> OpCase:
    return next(case for case in CASES if case.name == name)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("models")
    for name in PAIR:
        (folder / f"{name}.tflite").write_bytes(_case(name).model())
    return {name: folder / f"{name}.tflite" for name in PAIR}


@pytest.fixture(scope="module")
def library(models: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, LibraryReport]:
    out = tmp_path_factory.mktemp("out") / "library"
    return out, build_library(tuple(models.values()), out)


@pytest.fixture(scope="module")
def loaded(library: tuple[Path, LibraryReport], tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    return shared_object(library[0], tmp_path_factory.mktemp("so"))


def _macro(library: Path, stem: str, name: str) -> str:
    found = re.search(rf"#define {stem.upper()}_{name} (.+)", (library / "include" / f"{stem}.h").read_text())
    assert found, name
    return found[1]


def test_two_models_share_a_program_and_an_arena(
    library: tuple[Path, LibraryReport], loaded: ctypes.CDLL, models: dict[str, Path]
) -> None:
    out, report = library
    sizes = {stem: int(_macro(out, stem, "ARENA_BYTES")[:-1]) for stem in report.models}
    memory, arena = aligned(max(sizes.values()))
    nets = {stem: LibraryModel(loaded, stem, arena, sizes[stem]) for stem in sizes}
    assert [net.status for net in nets.values()] == [OK, OK]
    inputs = {name: case_inputs(_case(name), int(_macro(out, f"fp_net_{name}", "INPUT_BYTES")[:-1])) for name in PAIR}
    expected = {name: run_oracle(models[name], inputs[name]).outputs.reshape(len(inputs[name]), -1) for name in PAIR}
    for row in range(min(len(values) for values in inputs.values())):
        for name in PAIR:
            bytes_out = int(_macro(out, f"fp_net_{name}", "OUTPUT_BYTES")[:-1])
            status, output = nets[f"fp_net_{name}"].invoke(inputs[name][row], bytes_out)
            assert status == OK
            np.testing.assert_array_equal(output, expected[name][row])
    del memory


def test_macros_are_the_models_quantisation(library: tuple[Path, LibraryReport]) -> None:
    out, report = library
    for stem, model in report.models.items():
        assert int(_macro(out, stem, "ARENA_BYTES")[:-1]) == model.arena_bytes
        for end, tensor in (("INPUT", model.input), ("OUTPUT", model.output)):
            assert np.float32(_macro(out, stem, f"{end}_SCALE")[:-1]) == np.float32(tensor.scale)
            assert int(_macro(out, stem, f"{end}_ZERO_POINT").strip("()")) == tensor.zero_point


@pytest.mark.parametrize("value", [1.0, 0.1, 2.0**-40, 3.0e38, 0.00392156862745098, 1e-45])
def test_float_literals_are_exact(value: float) -> None:
    text = float_literal(value)
    assert re.fullmatch(r"\d+\.\d+e[+-]\d+f", text)
    assert np.float32(text[:-1]) == np.float32(value)


def test_bad_calls(library: tuple[Path, LibraryReport], loaded: ctypes.CDLL) -> None:
    stem, other = (f"fp_net_{name}" for name in PAIR)
    size = library[1].models[stem].arena_bytes
    memory, arena = aligned(size)
    assert LibraryModel(loaded, stem, arena, size - 1).status == ERR_CAPACITY
    assert LibraryModel(loaded, stem, arena + 4, size).status == ERR_ARGUMENT
    assert LibraryModel(loaded, stem, 0, size).status == ERR_ARGUMENT
    assert getattr(loaded, f"{stem}_init")(None, ctypes.c_void_p(arena), size) == ERR_ARGUMENT
    good = LibraryModel(loaded, stem, arena, size)
    invoke = getattr(loaded, f"{stem}_invoke")
    scratch = ctypes.create_string_buffer(1000)
    assert invoke(None, scratch, scratch) == ERR_ARGUMENT
    assert invoke(ctypes.byref(good.net), None, scratch) == ERR_ARGUMENT
    assert invoke(ctypes.byref(good.net), scratch, None) == ERR_ARGUMENT
    assert invoke(ctypes.byref(Net()), scratch, scratch) == ERR_ARGUMENT
    assert getattr(loaded, f"{other}_invoke")(ctypes.byref(good.net), scratch, scratch) == ERR_ARGUMENT
    del memory


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_sources_are_clean_c99(library: tuple[Path, LibraryReport], compiler: str) -> None:
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    include = f"-I{library[0] / 'include'}"
    run(compiler, "-std=c99", "-pedantic-errors", *WARNINGS, include, "-fsyntax-only", *sources(library[0]))


@pytest.mark.parametrize("compiler", ["g++", "clang++"])
def test_headers_are_clean_cxx(library: tuple[Path, LibraryReport], compiler: str, tmp_path: Path) -> None:
    """Every public header alone, then a program that calls both models."""
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    program = tmp_path / "program.cc"
    includes = "".join(f'#include "{path.name}"\n' for path in sorted((library[0] / "include").glob("*.h")))
    calls = "".join(
        f"static {stem}_arena arena_{stem}; fp_net net_{stem};\n"
        f"fp_status run_{stem}(const int8_t *in, int8_t *out) {{\n"
        f"  if ({stem}_init(&net_{stem}, &arena_{stem}, sizeof arena_{stem}) != FP_OK) return FP_ERR_CAPACITY;\n"
        f"  return {stem}_invoke(&net_{stem}, in, out); }}\n"
        for stem in library[1].models
    )
    program.write_text(includes + calls)
    run(compiler, "-std=c++11", *CXX_WARNINGS, f"-I{library[0] / 'include'}", "-fsyntax-only", program)
    for header in sorted((library[0] / "include").glob("*.h")):
        program.write_text(f'#include "{header.name}"\n')
        run(compiler, "-std=c++11", *CXX_WARNINGS, f"-I{library[0] / 'include'}", "-fsyntax-only", program)


def test_only_needed_decoders_are_in(library: tuple[Path, LibraryReport]) -> None:
    used = {layer.weights.encoding for model in library[1].models.values() for layer in model.layers if layer.weights}
    config = (library[0] / "include" / "fp_config.h").read_text()
    assert used <= {"dense", "gap8"}
    assert "#define FP_WITH_GAP4 0" in config
    assert "#define FP_WITH_ENTROPY 0" in config


def test_nothing_of_the_serial_link_is_in(library: tuple[Path, LibraryReport]) -> None:
    names = {path.name for path in library[0].rglob("*.[ch]")}
    assert names.isdisjoint({"fp_device.h", "fp_requests.c", "fp_frame.c", "fp_port.h", "main.c", "fp_messages.h"})


def test_hostile_names_never_reach_c(tmp_path: Path) -> None:
    model = tmp_path / f"{HOSTILE}.tflite"
    model.write_bytes(_case("dense_no_bias").model())
    report = build_library([model], tmp_path / "out")
    assert list(report.models) == ["fp_net_1_error_x_rm"]
    run("gcc", "-std=c99", *WARNINGS, f"-I{tmp_path / 'out' / 'include'}", "-fsyntax-only", *sources(tmp_path / "out"))
    for path in (tmp_path / "out").rglob("*.[ch]"):
        assert not any(mark in path.read_text() for mark in ("$(rm)", "ü", "#error x"))


@pytest.mark.parametrize(
    ("text", "stem"),
    [("", "fp_net_model"), ("ÄÖ", "fp_net_model"), ("int", "fp_net_int"), ("a__B--c", "fp_net_a_b_c"),
     ("x" * 40, "fp_net_" + "x" * 31), ("a" * 30 + "_b", "fp_net_" + "a" * 30)],
)  # fmt: skip
def test_names(text: str, stem: str) -> None:
    assert c_names(text).stem == stem


def test_same_models_same_bytes(library: tuple[Path, LibraryReport], models: dict[str, Path], tmp_path: Path) -> None:
    build_library(tuple(models.values()), tmp_path / "again")
    files = sorted(path.relative_to(library[0]) for path in library[0].rglob("*") if path.is_file())
    assert files == sorted(path.relative_to(tmp_path / "again") for path in (tmp_path / "again").rglob("*.*"))
    assert [(library[0] / path).read_bytes() for path in files] == [
        (tmp_path / "again" / path).read_bytes() for path in files
    ]


def test_a_failure_leaves_the_earlier_library(models: dict[str, Path], tmp_path: Path) -> None:
    out, broken = tmp_path / "out", tmp_path / "broken.tflite"
    build_library([models["network"]], out, name="kept")
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    broken.write_bytes(models["network"].read_bytes()[:700])
    twin = tmp_path / "Network.tflite"
    twin.write_bytes(models["network"].read_bytes())
    for models_, words in (([models["network"], broken], "broken"), ([models["network"], twin], "rename one")):
        with pytest.raises(UserError, match=words):
            build_library(models_, out)
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    assert "fp_net_kept.h" in {path.name for path in before}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["Network.tflite", "broken.tflite", "out"]
