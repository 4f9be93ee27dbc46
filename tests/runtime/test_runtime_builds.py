"""The runtime compiles without a warning wherever it is meant to, and its headers stand alone."""

import shutil
import subprocess
from pathlib import Path

import cortex_m
import pytest
from host_runtime import INCLUDES, KERNELS, LINK, RUNTIME, VARIANTS, WARNINGS

SOURCES = [RUNTIME / "src" / f"fp_{name}.c" for name in KERNELS]
HEADERS = [
    *(path for path in sorted((RUNTIME / "include").glob("*.h")) if path.stem not in LINK),
    *(RUNTIME / "src" / f"fp_{name}.h" for name in ("add_kernel", "conv_kernel", "gap8", "rows")),
]
BUILDS = [
    *(("cortex-m4", level) for level in ("-O0", "-Os", "-O2", "-O3")),
    *((cpu, "-O2") for cpu in ("cortex-m0", "cortex-m0plus", "cortex-m3", "cortex-m7", "cortex-m33", "cortex-m55")),
]


def compile_all(compiler: str, *options: str) -> None:
    """-S leaves its output in the current folder."""
    command = [compiler, *WARNINGS, *INCLUDES, *options, "-S", *map(str, SOURCES)]
    result = subprocess.run(command, check=False, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def require(compiler: str) -> None:
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")


@pytest.mark.parametrize("variant", sorted(VARIANTS))
@pytest.mark.parametrize("level", ["-O0", "-Os", "-O3"])
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compiler: str, level: str, variant: str) -> None:
    require(compiler)
    monkeypatch.chdir(tmp_path)
    compile_all(compiler, level, VARIANTS[variant])


@pytest.mark.parametrize(("cpu", "level"), BUILDS)
def test_cortex_m(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cpu: str, level: str) -> None:
    require(cortex_m.COMPILER)
    monkeypatch.chdir(tmp_path)
    compile_all(cortex_m.COMPILER, f"-mcpu={cpu}", "-mthumb", "-ffreestanding", level)


@pytest.mark.parametrize(("cpu", "fpu"), [("cortex-m4", "fpv4-sp-d16"), ("cortex-m7", "fpv5-d16")])
def test_cortex_m_with_a_floating_point_unit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cpu: str, fpu: str
) -> None:
    """As boards build: inline assembler leaves the compiler few registers, and these options take some of them."""
    require(cortex_m.COMPILER)
    monkeypatch.chdir(tmp_path)
    options = ("-mthumb", "-mfloat-abi=hard", f"-mfpu={fpu}", "-ffreestanding", "-O2")
    compile_all(cortex_m.COMPILER, f"-mcpu={cpu}", *options)


@pytest.mark.parametrize("language", ["c", "c++"])
@pytest.mark.parametrize("header", HEADERS, ids=lambda p: p.name)
def test_header_stands_alone(header: Path, language: str) -> None:
    compiler, standard = ("gcc", "c99") if language == "c" else ("g++", "c++11")
    require(compiler)
    options = ("-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror", "-pedantic", "-fsyntax-only", "-x", language)
    source = f'#include "{header}"\n#include "{header}"\ntypedef int something; /* not every header declares */\n'
    command = [compiler, f"-std={standard}", *options, *INCLUDES, "-"]
    result = subprocess.run(command, check=False, input=source, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_no_heap_no_globals(tmp_path: Path) -> None:
    """The objects bring no writable data and call nothing beyond copying, filling and the compiler's own arithmetic."""
    require(cortex_m.COMPILER)
    command = [cortex_m.COMPILER, "-mcpu=cortex-m4", "-mthumb", "-O2", "-c", *INCLUDES, *map(str, SOURCES)]
    subprocess.run(command, check=True, cwd=tmp_path)
    objects = sorted(map(str, tmp_path.glob("*.o")))
    assert len(objects) == len(SOURCES)
    listing = subprocess.run(["arm-none-eabi-nm", *objects], check=True, capture_output=True, text=True).stdout
    symbols = [line.split()[-2:] for line in listing.splitlines() if line and not line.endswith(":")]
    assert [name for kind, name in symbols if kind == "T" and name == "fp_conv_run"]
    assert not [name for kind, name in symbols if kind in "DdBbCc"]
    called = {name for kind, name in symbols if kind == "U"}
    foreign = {name for name in called if not name.startswith(("fp_", "__aeabi_"))}
    assert foreign <= {"memcpy", "memmove", "memset"}
