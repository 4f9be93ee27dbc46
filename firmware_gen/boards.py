"""Boards are data: one small TOML file each, in ``firmware_gen/boards/`` or anywhere the user likes.

Keys of a board file; numbers are integers (``0x…`` allowed), sizes in bytes, frequencies in Hz:

``name``, ``title``, ``summary``
    Identifier (lower case, digits, underscores), the board's full name, and one line on what is special about it.
``stack_bytes``
    Stack reserved at the very start of the first RAM, so that an overflow faults instead of overwriting data.
``vectors``
    The flash region that the core reads its vector table from after reset, where it is not the first (optional).
``[core]``
    ``cpu`` as GCC's ``-mcpu`` knows it; ``fpu`` as ``-mfpu`` knows it (leave it out without one); ``float_abi``
    ``"hard"`` or ``"soft"``; ``clock_hz`` the core clock; ``tick`` the tick counter (``"systick"``, or
    ``"nrf51_timer"`` for a core without); ``irq_count`` the number of device interrupts in the vector table.
``[[flash]]``, ``[[ram]]``
    ``name``, ``origin``, ``bytes`` of every region of the *chip*. Code and weights go to the first flash; data, arena
    and stack to the first RAM; of a learner's memory, which no DMA touches, to the second RAM what finds no room in the
    first. Emulators may have more memory; plans must fit what stands here.
``[uart]``
    ``driver`` names ``uart_<driver>.c``; ``base``, ``irq`` and ``baud``; then the driver's own keys.
``[clock]``
    ``driver`` names ``clock_<driver>.c`` (``"none"``: the core runs at ``clock_hz`` from reset); then its own keys.
``[watchdog]`` (optional)
    ``driver`` names ``watchdog_<driver>.c`` (``"stm32_iwdg"``, ``"nrf_wdt"``); ``timeout_ms``, longer than the longest
    run of a model. The board then resets itself when its main loop is not reached in time.
``[rng]`` (optional)
    ``driver`` names ``rng_<driver>.c`` (``"stm32"``, ``"nrf52"``), the hardware that gives random numbers; then its own
    keys. Firmware with a key needs it.
``[debug]`` (optional: boards that a debug probe writes to)
    ``target``: what pyOCD calls the chip, or how its name begins; ``pack`` (optional): the CMSIS pack that describes
    the chip to pyOCD, where it is not built in.
``[[verified]]`` (any number)
    What was tried: ``on`` (an emulator, or ``"hardware"``), its ``version``, and ``what`` was seen, in one line.
``[emulators.qemu]``
    ``machine`` (``-M``), ``cpu`` (``-cpu``, optional), ``serial_index`` (which ``-serial`` is the UART), ``tick_hz``
    (ticks of the tick counter per emulated second), ``note`` (optional: where the emulated machine differs).
    Where QEMU has changed a machine: ``lacks`` (optional), RAM regions with the version from which the machine has
    them; ``before`` and ``instead`` (optional), the version from which it is no longer this board, and which it is.
``[emulators.renode]``
    ``platform`` (a ``.repl`` file that comes with Renode), ``uart`` (its name there), ``ram`` (optional: the name of
    the first RAM there, to set its size to the chip's), ``note`` (optional).

Every key of a section with a driver reaches it as ``FP_<SECTION>_<KEY>``. Drivers are
looked for in ``firmware_gen/ports/`` and beside the board file, so a new board needs no Python, a new chip one C file.
"""

import itertools
import re
import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from firmware_gen.board_drivers import check_driver, find_driver
from host_bridge.errors import UserError

BOARD_FOLDER = Path(__file__).with_name("boards")

Count = Annotated[int, Field(ge=0, lt=2**32, strict=True)]
Size = Annotated[int, Field(gt=0, lt=2**32, strict=True)]
Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=31)]
Word = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.,=/+-]+$", max_length=127)]
Version = Annotated[str, Field(pattern=r"^\d+(\.\d+)*$", max_length=31)]
Line = Annotated[str, Field(pattern=r"^[^\x00-\x1f*\\]+$", max_length=159)]
"""One line of text that can stand in a C comment."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Core(_Frozen):
    """The processor: compiler options, clock in Hz and number of device interrupts."""

    cpu: Annotated[str, Field(pattern=r"^cortex-m(0|0plus|3|4|7|33|55)$")]
    fpu: Word | None = None
    float_abi: Literal["hard", "soft"] = "soft"
    clock_hz: Size
    tick: Literal["systick", "nrf51_timer"] = "systick"
    irq_count: Annotated[int, Field(ge=1, le=480, strict=True)]

    @model_validator(mode="after")
    def _hard_float_needs_fpu(self) -> "Core":
        if (self.float_abi == "hard") != (self.fpu is not None):
            raise ValueError('float_abi = "hard" and fpu go together: set both or neither')
        return self


class Region(_Frozen):
    """A piece of memory of the chip: ``bytes`` bytes from address ``origin``."""

    name: Identifier
    origin: Count
    bytes: Size

    @property
    def end(self) -> int:
        """First address behind the region."""
        return self.origin + self.bytes


class Device(BaseModel):
    """A peripheral: its driver and the integers the driver is compiled with."""

    model_config = ConfigDict(frozen=True, extra="allow")
    __pydantic_extra__: dict[str, Count]
    driver: Identifier


class Uart(Device):
    """The serial port: register block at ``base``, interrupt number ``irq``, ``baud`` in bits a second."""

    base: Count
    irq: Count
    baud: Size


def version_key(text: str) -> tuple[int, ...]:
    """A version as numbers, to compare it with others: of ``7.2.22`` 7, 2 and 22."""
    return tuple(int(number) for number in re.findall(r"\d+", text))


class QemuMachine(_Frozen):
    """How QEMU emulates the board."""

    machine: Word
    cpu: Word | None = None
    serial_index: Annotated[int, Field(ge=0, le=7, strict=True)] = 0
    tick_hz: Size
    lacks: dict[Identifier, Version] = {}
    before: Version | None = None
    instead: Identifier | None = None
    note: Line | None = None

    @model_validator(mode="after")
    def _before_goes_with_instead(self) -> "QemuMachine":
        if (self.before is None) != (self.instead is None):
            raise ValueError("before and instead go together: set both or neither")
        return self

    def missing(self, version: str) -> tuple[str, ...]:
        """RAM regions of the board that the machine does not have in a version of QEMU."""
        return tuple(name for name, since in self.lacks.items() if version_key(version) < version_key(since))

    def is_another_board(self, version: str) -> bool:
        """Whether the machine has become another board by that version."""
        return self.before is not None and version_key(version) >= version_key(self.before)


class RenodePlatform(_Frozen):
    """How Renode emulates the board."""

    platform: Annotated[str, Field(pattern=r"^[A-Za-z0-9_./-]+\.repl$", max_length=127)]
    uart: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$", max_length=31)]
    ram: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$", max_length=31)] | None = None
    note: Line | None = None


class Debug(_Frozen):
    """How a debug probe knows the chip."""

    target: Identifier
    pack: Word | None = None


class Verified(_Frozen):
    """Something that was tried and seen."""

    on: Literal["qemu", "renode", "native", "hardware"]
    version: Word
    what: Line


class Emulators(_Frozen):
    """The emulators that know the board."""

    qemu: QemuMachine | None = None
    renode: RenodePlatform | None = None

    @property
    def lacked(self) -> tuple[str, ...]:
        """RAM regions that a version of QEMU does not have."""
        return () if self.qemu is None else tuple(self.qemu.lacks)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of those that are described."""
        return tuple(name for name in type(self).model_fields if getattr(self, name) is not None)


class Board(_Frozen):
    """One board, as its file describes it (see the module's documentation for every key)."""

    name: Identifier
    title: Line
    summary: Line
    stack_bytes: Annotated[int, Field(ge=512, multiple_of=8, strict=True)]
    vectors: Identifier | None = None
    core: Core
    flash: Annotated[tuple[Region, ...], Field(min_length=1)]
    ram: Annotated[tuple[Region, ...], Field(min_length=1)]
    uart: Uart
    clock: Device
    watchdog: Device = Device.model_validate({"driver": "none"})
    rng: Device = Device.model_validate({"driver": "none"})
    debug: Debug | None = None
    verified: tuple[Verified, ...] = ()
    emulators: Emulators = Emulators()
    drivers: tuple[Path, ...] = Field(default=(), exclude=True, repr=False)

    @property
    def devices(self) -> dict[str, Device]:
        """The sections that name a driver."""
        return {"uart": self.uart, "clock": self.clock, "watchdog": self.watchdog, "rng": self.rng}

    @model_validator(mode="after")
    def _regions_fit(self) -> "Board":
        regions = sorted((*self.flash, *self.ram), key=lambda region: region.origin)
        for region in regions:
            if region.end > 2**32:
                raise ValueError(f"memory region '{region.name}' ends behind the address space")
        for lower, upper in itertools.pairwise(regions):
            if lower.end > upper.origin:
                raise ValueError(f"memory regions '{lower.name}' and '{upper.name}' overlap")
        if unknown := set(self.emulators.lacked) - {region.name for region in self.ram}:
            raise ValueError(f"emulators.qemu.lacks names '{min(unknown)}', which is no RAM region")
        if self.vectors is not None and self.vectors not in [region.name for region in self.flash]:
            raise ValueError(f"vectors = '{self.vectors}' is no flash region")
        if self.stack_bytes >= self.ram[0].bytes:
            raise ValueError(f"stack_bytes = {self.stack_bytes} leaves nothing of RAM region '{self.ram[0].name}'")
        if self.uart.irq >= self.core.irq_count:
            raise ValueError(f"uart.irq = {self.uart.irq} must be below core.irq_count = {self.core.irq_count}")
        return self


def board_names() -> tuple[str, ...]:
    """Names of the boards that come with the package, sorted."""
    return tuple(sorted(path.stem for path in BOARD_FOLDER.glob("*.toml")))


def load_board(name: str) -> Board:
    """Read a board.

    Args:
        name: one of :func:`board_names`, or the path of a ``.toml`` file.

    Raises:
        UserError: no such board or file, or the file breaks a rule; names the file and the key.
    """
    path = Path(name) if name.endswith(".toml") else BOARD_FOLDER / f"{name}.toml"
    if not name.endswith(".toml") and name not in board_names():
        raise UserError(f"unknown board '{name}'; choose one of: {', '.join(board_names())}, or give a .toml file")
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"cannot read board file {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"board file {path} is not valid TOML: {error}") from error
    return _check(path, table)


def _check(path: Path, table: dict[str, object]) -> Board:
    table.pop("drivers", None)
    try:
        board = Board.model_validate(table)
    except ValidationError as error:
        raise UserError(f"board file {path}: {_first_fault(error)}") from error
    drivers = []
    for section, device in board.devices.items():
        source = find_driver(section, device.driver, path)
        check_driver(section, device.driver, source, device.model_dump().keys(), path)
        drivers.append(source)
    return board.model_copy(update={"drivers": tuple(drivers)})


def _first_fault(error: ValidationError) -> str:
    fault = error.errors(include_url=False)[0]
    key = ".".join(str(part) for part in fault["loc"])
    reason = {"missing": "is missing", "extra_forbidden": "is not a key of board files"}.get(fault["type"])
    message = re.sub(r"^Value error, ", "", fault["msg"])
    if reason:
        return f"'{key}' {reason}"
    return f"'{key}': {message}" if key else message
