"""Finding and running CMake, Ninja and the compilers."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from firmware_gen.board_render import Target
from host_bridge.errors import UserError

_TIMEOUT_S = 600
_COMPILERS: dict[Target, tuple[str, str]] = {
    "board": ("arm-none-eabi-gcc", "gcc-arm-none-eabi and libnewlib-arm-none-eabi"),
    "native": ("gcc", "gcc"),
}
_CXX: dict[Target, tuple[str, str]] = {
    "board": ("arm-none-eabi-g++", "gcc-arm-none-eabi and libstdc++-arm-none-eabi-newlib"),
    "native": ("g++", "g++"),
}


def find_compiler(target: Target) -> str:
    """Path of the compiler.

    Raises:
        UserError: it is not installed; names the packages.
    """
    name, packages = _COMPILERS[target]
    path = shutil.which(name)
    if path is None:
        raise UserError(f"{name} is not installed; install the packages {packages}, or run make setup")
    return path


def compiler_version(target: Target) -> str:
    """The compiler's name and version number, for reports."""
    name = _COMPILERS[target][0]
    done = subprocess.run(
        [find_compiler(target), "-dumpfullversion"], capture_output=True, text=True, check=False, timeout=_TIMEOUT_S
    )
    return f"{name} {done.stdout.strip() or 'unknown'}"


def build_tool(name: str) -> str:
    """Path of ``cmake`` or ``ninja``: beside this Python, as the packages of that name install it, or on the PATH.

    Raises:
        UserError: it is in neither place.
    """
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.is_file() else shutil.which(name)
    if found is None:
        raise UserError(f"{name} is not installed; run: pip install {name}")
    return found


def check_cxx(target: Target) -> None:
    """Refuse to go on without a C++ compiler and its library.

    Raises:
        UserError: names the packages.
    """
    name, packages = _CXX[target]
    path = shutil.which(name)
    command = [path or "", "-print-file-name=libstdc++.a"]
    if path is not None:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_TIMEOUT_S)
        if Path(done.stdout.strip()).is_absolute():
            return
    raise UserError(f"{name} with its standard library is not installed; install the packages {packages}")


def run_cmake(project: Path, build: Path, target: Target, *options: str) -> str:
    """Configure and build a project; returns what CMake said of the configuration.

    Args:
        project: holds CMakeLists.txt.
        build: folder for the build.
        target: what it is built for.
        options: of CMake, ``-DNAME=VALUE``.

    Raises:
        UserError: a tool is missing, or the compiler or linker ends with an error; :class:`LinkOverflowError` where
            a memory region is too small.
    """
    compiler = find_compiler(target)
    configure = [build_tool("cmake"), "-S", str(project), "-B", str(build), "-G", "Ninja"]
    configure.append(f"-DCMAKE_MAKE_PROGRAM={build_tool('ninja')}")
    if target == "board":
        configure += ["--toolchain", str(project / "toolchain.cmake")]
    else:
        configure.append(f"-DCMAKE_C_COMPILER={compiler}")
    said = _run([*configure, *options])
    _run([build_tool("cmake"), "--build", str(build)])
    return said


def _run(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        raise UserError(f"{Path(command[0]).name} did not end within {_TIMEOUT_S} s; build again") from None
    if done.returncode != 0:
        output = done.stdout + done.stderr
        overflows = {name: int(size) for name, size in re.findall(r"region `(\w+)' overflowed by (\d+) bytes", output)}
        if overflows:
            raise LinkOverflowError(overflows)
        raise UserError(f"the C project does not build: {_first_error(output)}")
    return done.stdout


def _first_error(output: str) -> str:
    lines = [line.strip() for line in output.splitlines()]
    return next((line for line in lines if "error" in line.lower()), lines[-1] if lines else "no message")


class LinkOverflowError(UserError):
    """The linker says which memory regions are too small; ``overflows`` has the bytes by region name."""

    def __init__(self, overflows: dict[str, int]) -> None:
        super().__init__(", ".join(f"region {name} is {size} bytes too small" for name, size in overflows.items()))
        self.overflows = overflows
