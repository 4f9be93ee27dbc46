"""Writing a firmware to a real board by its debug probe, with pyOCD."""

from collections.abc import Callable
from dataclasses import dataclass
from json import JSONDecodeError, loads
from pathlib import Path
from typing import Any

from firmware_gen.boards import Board
from host_bridge.errors import UserError

_PRODUCTS = ("build/firmware.elf", "firmware.elf")


@dataclass(frozen=True)
class FlashPlan:
    """What is to be written where.

    Attributes:
        board: the board's name.
        firmware: the ELF file.
        first: address of the first byte written.
        end: address behind the last.
        target: the chip's name in pyOCD.
    """

    board: str
    firmware: Path
    first: int
    end: int
    target: str


def plan_flash(path: Path, board: Board) -> FlashPlan:
    """Look at everything that can be known without a probe.

    Args:
        path: an ELF file, or a generated project.
        board: where it is to go.

    Raises:
        UserError: no firmware there, or one for another board; the board is not written to by a probe; pyOCD is missing
            or does not know the chip, with how to teach it.
    """
    if board.debug is None:
        raise UserError(f"board {board.name} has no [debug] section: no debug probe writes to it")
    elf = _firmware(path, board)
    first, end = _loaded_span(elf)
    flash = board.flash[0]
    if first < flash.origin or end > flash.end:
        raise UserError(
            f"{elf} lies at 0x{first:08x} to 0x{end:08x}, outside the flash of {board.name} (0x{flash.origin:08x} to "
            f"0x{flash.end:08x}); build it for this board"
        )
    return FlashPlan(board.name, elf, first, end, choose_target(board))


def choose_target(board: Board) -> str:
    """The chip's name in pyOCD: built in, or from an installed CMSIS pack.

    Raises:
        UserError: pyOCD is missing, or knows no such chip; says what to install.
    """
    assert board.debug is not None
    wanted = board.debug.target
    found = sorted(name for name in _known_targets() if name.startswith(wanted))
    if found:
        return found[0]
    pack = f"the CMSIS pack {board.debug.pack}" if board.debug.pack else "a CMSIS pack"
    raise UserError(
        f"pyOCD does not know the chip {wanted} of {board.name}: it needs {pack}; run: pyocd pack install {wanted}"
    )


def flash(plan: FlashPlan, probe: str | None = None, progress: Callable[[float], None] | None = None) -> str:
    """Write and start the firmware; returns the probe's name.

    Only the sectors that change are erased, so a boot loader in others stays.

    Args:
        plan: from :func:`plan_flash`.
        probe: the probe's identifier or a part of it; None: there is only one.
        progress: called with the share done, 0 to 1.

    Raises:
        UserError: no probe, or several; the chip does not answer; writing fails. Carries pyOCD's own message.
    """
    from pyocd.core.exceptions import Error
    from pyocd.core.session import Session
    from pyocd.flash.file_programmer import FileProgrammer

    chosen = _choose_probe(probe)
    try:
        with Session(chosen, options={"target_override": plan.target}) as session:
            FileProgrammer(session, progress=progress or (lambda _: None), chip_erase="sector").program(
                str(plan.firmware), file_format="elf"
            )
            session.target.reset()
    except (Error, OSError, ValueError) as error:
        words = " ".join(str(error).split()) or type(error).__name__
        raise UserError(
            f"{plan.board} was not written: {words}; check the cable and that nobody else uses it"
        ) from error
    return str(chosen.description)


def _choose_probe(identifier: str | None) -> Any:  # noqa: ANN401 - pyOCD's own class
    from pyocd.core.helpers import ConnectHelper

    probes = ConnectHelper.get_all_connected_probes(blocking=False, unique_id=identifier)
    if not probes:
        which = f" called {identifier}" if identifier else ""
        raise UserError(f"no debug probe{which} is connected; plug the board's debug port in (pyocd list shows probes)")
    if len(probes) > 1:
        names = ", ".join(sorted(one.unique_id for one in probes))
        raise UserError(f"several debug probes are connected; choose one by --probe: {names}")
    return probes[0]


def _known_targets() -> set[str]:
    try:
        from pyocd.target import TARGET
        from pyocd.target.pack.pack_target import ManagedPacks
    except ImportError as error:
        raise UserError("pyocd is not installed; run: pip install pyocd, or make setup") from error
    packed = {one.part_number.lower() for one in ManagedPacks.get_installed_targets()}
    return set(TARGET) | packed


def _firmware(path: Path, board: Board) -> Path:
    """The ELF that is meant, of this board as far as its report tells."""
    candidates = [path / name for name in _PRODUCTS] if path.is_dir() else [path]
    elf = next((one for one in candidates if one.is_file()), None)
    if elf is None:
        raise UserError(f"no firmware at {path}; give an ELF file or a generated project")
    report = next((folder / "report.json" for folder in elf.parents[:2] if (folder / "report.json").is_file()), None)
    try:
        built_for = loads(report.read_text(encoding="utf-8")).get("board") if report else None
    except (OSError, UnicodeDecodeError, JSONDecodeError):
        built_for = None
    if built_for not in (None, board.name):
        raise UserError(f"{elf} was built for {built_for}, not for {board.name}; build it for this board")
    return elf


def _loaded_span(elf: Path) -> tuple[int, int]:
    """First and behind the last address of what is loaded from the file."""
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile

    try:
        with elf.open("rb") as stream:
            file = ELFFile(stream)
            machine = file["e_machine"]
            pieces = [one.header for one in file.iter_segments("PT_LOAD") if one["p_filesz"]]
    except (OSError, ELFError) as error:
        raise UserError(f"cannot read {elf}: {error}; give an ELF file or a generated project") from error
    if machine != "EM_ARM" or not pieces:
        raise UserError(f"{elf} is no firmware for an Arm core; give an ELF file or a generated project")
    return min(one["p_paddr"] for one in pieces), max(one["p_paddr"] + one["p_filesz"] for one in pieces)
