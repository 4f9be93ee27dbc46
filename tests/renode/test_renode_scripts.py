"""The scripts and platform descriptions that Renode is given: read by a strict parser, names held against Renode's."""

from pathlib import Path

import pytest
from renode_syntax import PLATFORMS, SyntaxMistakeError, check_names, parse_repl, parse_resc

from device_sim.emulators.renode.scripts import Hook, Machine, render_repl, render_resc
from firmware_gen.boards import board_names, load_board
from host_bridge.errors import UserError

VERSIONS = sorted(PLATFORMS)
WITH_RENODE = [name for name in board_names() if load_board(name).emulators.renode]
PROMISED = {"stm32f4_discovery", "stm32f746g_disco", "nrf52840dk", "arduino_nano_33_ble"}


def machine(number: int = 0, **changes: object) -> Machine:
    values: dict[str, object] = {
        "name": f"board{number}",
        "repl": Path("/tmp/x/board.repl"),
        "elf": Path(f"/tmp/x/board{number}.elf"),
        "uart": "usart2",
        "port": 4000 + number,
        "vectors": 0x0800_0000,
        "mips": 168,
    }
    return Machine(**(values | changes))  # type: ignore[arg-type]


def test_the_promised_boards_have_a_platform() -> None:
    assert set(WITH_RENODE) >= PROMISED


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", WITH_RENODE)
def test_a_boards_description_fits_the_platform(name: str, version: str) -> None:
    board = load_board(name)
    platform = parse_repl(render_repl(board))
    assert board.emulators.renode is not None
    check_names(platform, version, board.emulators.renode.uart, "cpu", "nvic", "dwt")
    assert PLATFORMS[version][platform.base]["nvic"] == "IRQControllers.NVIC"
    assert platform.entries["nvic"].attributes["systickFrequency"] == str(board.core.clock_hz)
    assert platform.entries["sysbus"].init, "the platform's own would need a network"


@pytest.mark.parametrize("name", WITH_RENODE)
def test_memory_is_the_chips(name: str) -> None:
    """A region that is there keeps Renode's size only where that is the chip's: the nRF52840's 256 KB."""
    board = load_board(name)
    assert board.emulators.renode is not None
    entries = parse_repl(render_repl(board)).entries
    sizes = {one.name: int(one.attributes["size"], 0) for one in entries.values() if "size" in one.attributes}
    first = board.emulators.renode.ram
    wanted = {region.name: region.bytes for region in board.ram[1:]} | ({first: board.ram[0].bytes} if first else {})
    assert sizes == wanted
    assert first or board.ram[0].bytes == 0x4_0000


def test_the_discoverys_ccm_is_added() -> None:
    entries = parse_repl(render_repl(load_board("stm32f4_discovery"))).entries
    assert (entries["ccm"].kind, entries["ccm"].place) == ("Memory.MappedMemory", "sysbus 0x10000000")


def test_many_boards_in_one_script() -> None:
    machines = [machine(number) for number in range(4)]
    commands = parse_resc(render_resc(machines))
    assert [one.values["name"] for one in commands if one.kind == "create"] == ["board0", "board1", "board2", "board3"]
    assert [one.values["port"] for one in commands if one.kind == "terminal"] == ["4000", "4001", "4002", "4003"]
    assert [one.kind for one in commands].count("macro") == 4
    assert commands[-1].kind == "start"


def test_hooks_and_metrics_are_optional_lines() -> None:
    one = machine(metrics=Path("/tmp/x/metrics"), hooks=(Hook(0x0800_1234, "f = 1; g = str(f) + ' '"),))
    kinds = [command.kind for command in parse_resc(render_resc([one]))]
    assert {"profiler", "hook"} <= set(kinds)
    assert kinds.index("hook") < kinds.index("run macro")
    assert not {"profiler", "hook"} & {command.kind for command in parse_resc(render_resc([machine()]))}


@pytest.mark.parametrize("path", ["/tmp/a b/x.elf", "/tmp/$x.elf", '/tmp/"x.elf'])
def test_paths_that_scripts_cannot_name_are_refused(path: str) -> None:
    with pytest.raises(ValueError, match="cannot name"):
        render_resc([machine(elf=Path(path))])


def test_a_board_without_a_platform_is_refused() -> None:
    with pytest.raises(UserError, match=r"mps2_an386 has no \[emulators.renode\] section"):
        render_repl(load_board("mps2_an386"))


# --- the parser itself: it must refuse what Renode would ---

GOOD_SCRIPT = render_resc([machine()])
SCRIPT_MISTAKES = {
    "a word too many": ("mach create", "mach mach create"),
    "no name": ('mach create "board0"', "mach create board0"),
    "a path without @": ("LoadPlatformDescription @/tmp", "LoadPlatformDescription /tmp"),
    "telnet bytes": ('uart" false', 'uart" true'),
    "another terminal": ("usart2 board0_uart", "usart2 board1_uart"),
    "a macro that is not there": ("runMacro $reset", "runMacro $load"),
    "no macro for resets": ("macro reset", "macro load"),
    "an open macro": ('"""\nrunMacro', "runMacro"),
    "not started": ("\nstart\n", "\n"),
    "a stray command": ("\nstart\n", "\nshowAnalyzer sysbus.usart2\nstart\n"),
    "used before it is described": ("machine LoadPlatformDescription @/tmp/x/board.repl\n", ""),
}


@pytest.mark.parametrize("case", SCRIPT_MISTAKES)
def test_mistakes_in_scripts_are_refused(case: str) -> None:
    old, new = SCRIPT_MISTAKES[case]
    assert old in GOOD_SCRIPT
    with pytest.raises(SyntaxMistakeError):
        parse_resc(GOOD_SCRIPT.replace(old, new))


GOOD_REPL = render_repl(load_board("stm32f4_discovery"))
REPL_MISTAKES = {
    "three spaces": ("    size: 0x20000", "   size: 0x20000"),
    "a tab": ("    size: 0x20000", "\tsize: 0x20000"),
    "no using": ('using "platforms/boards/stm32f4_discovery-kit.repl"\n', ""),
    "an entry twice": ("ccm: Memory", "sram: Memory"),
    "an empty entry": ("    systickFrequency: 168000000\n", ""),
    "no colon": ("nvic:", "nvic"),
    "no type": ("ccm: Memory.MappedMemory @", "ccm: @"),
    "an unknown statement": ("Tag <", "ApplySVD <"),
}


@pytest.mark.parametrize("case", REPL_MISTAKES)
def test_mistakes_in_descriptions_are_refused(case: str) -> None:
    old, new = REPL_MISTAKES[case]
    assert old in GOOD_REPL
    with pytest.raises(SyntaxMistakeError):
        parse_repl(GOOD_REPL.replace(old, new))


@pytest.mark.parametrize("version", VERSIONS)
def test_wrong_names_are_refused(version: str) -> None:
    good = parse_repl(GOOD_REPL)
    for old, new in [("sram:", "sram1:"), ("ccm:", "flash:"), ("stm32f4_discovery-kit", "stm32f9_discovery-kit")]:
        with pytest.raises(SyntaxMistakeError):
            check_names(parse_repl(GOOD_REPL.replace(old, new)), version)
    with pytest.raises(SyntaxMistakeError, match="has no usart9"):
        check_names(good, version, "usart9")
