"""What Renode reads: a platform description (``.repl``) for each board, and one script (``.resc``) for all of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from firmware_gen.boards import Board
from host_bridge.errors import UserError

_TEMPLATES = Path(__file__).parent


@dataclass(frozen=True)
class Hook:
    """Python (one line, without double quotes) that Renode runs whenever the core reaches ``address``."""

    address: int
    code: str


@dataclass(frozen=True)
class Tag:
    """Addresses without a model, ``first`` to ``last``, that read as ``value``."""

    first: int
    last: int
    name: str
    value: int


@dataclass(frozen=True)
class Machine:
    """One board in the script.

    Attributes:
        name: of the machine: a letter, then letters and digits.
        repl: path of its platform description.
        elf: path of its firmware.
        uart: name of its UART on the system bus.
        port: TCP port of its UART.
        vectors: address of its vector table.
        mips: instructions per virtual microsecond.
        metrics: path of the file that gets execution metrics; None: none are taken.
        hooks: run when the core reaches an address.
    """

    name: str
    repl: Path
    elf: Path
    uart: str
    port: int
    vectors: int
    mips: int
    metrics: Path | None = None
    hooks: tuple[Hook, ...] = field(default=())


# By clock driver, that is, by family of chips: what firmware may read and the platform has no model for.
_TAGS = {
    # FLASH_ACR is read back by the firmware: five wait states, prefetch and caches (RM0090, 3.9.1).
    "stm32f4_pll": (Tag(0x40023C00, 0x40023C03, "FLASH_ACR", 0x705),),
    "stm32f7_pll": (Tag(0x1FF0F420, 0x1FF0F42B, "UNIQUE_ID", 0),),
    "nrf52_hfxo": (Tag(0x10000000, 0x10000FFF, "FICR", 0),),
}


def render_repl(board: Board) -> str:
    """A board's platform description.

    Raises:
        UserError: the board has no Renode section.
    """
    if board.emulators.renode is None:
        raise UserError(f"board {board.name} has no [emulators.renode] section")
    template = _environment().get_template("board.repl.j2")
    tags = _TAGS.get(board.clock.driver, ())
    return template.render(board=board, renode=board.emulators.renode, more_ram=board.ram[1:], tags=tags)


def render_resc(machines: Sequence[Machine]) -> str:
    """The script that makes, loads and starts every board.

    Raises:
        ValueError: a path with a character that the script's syntax gives a meaning.
    """
    for machine in machines:
        for path in (machine.repl, machine.elf, *((machine.metrics,) if machine.metrics else ())):
            if not all(letter.isalnum() or letter in "/._-" for letter in str(path)):
                raise ValueError(f"Renode's scripts cannot name {path}")
    return _environment().get_template("boards.resc.j2").render(machines=machines)


def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=False,
        autoescape=False,
    )
