"""The part of Renode's two languages that this project writes, read strictly: what is not known here is refused.

``.resc`` is what is typed at the monitor, ``.repl`` describes a platform in an indented text; both as in Renode's
documentation and its own files. ``platforms.json`` has names and types of peripherals on the platforms used.
"""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

PLATFORMS = json.loads(Path(__file__).with_name("platforms.json").read_text())
NUMBER = r"(?:0x[0-9A-Fa-f]+|\d+)"
NAME = r"[A-Za-z]\w*"
PATH = r"@[A-Za-z0-9/._-]+"
STRING = r'"[^"\\]*"'

COMMANDS = {
    "log": r"logLevel [-]?\d",
    "quantum": rf"emulation SetGlobalQuantum {STRING}",
    "advance": r"emulation SetGlobalAdvanceImmediately (?:true|false)",
    "create": rf'mach create "(?P<name>{NAME})"',
    "platform": rf"machine LoadPlatformDescription (?P<path>{PATH})",
    "mips": r"sysbus\.cpu PerformanceInMips \d+",
    "terminal": rf'emulation CreateServerSocketTerminal (?P<port>\d+) "(?P<name>{NAME})" (?P<config>true|false)',
    "connect": rf"connector Connect sysbus\.(?P<uart>{NAME}) (?P<name>{NAME})",
    "profiler": rf"machine EnableProfiler {STRING}",
    "hook": rf"sysbus\.cpu AddHook (?P<address>{NUMBER}) (?P<code>{STRING})",
    "macro": rf'macro (?P<name>{NAME})\n"""\n(?P<body>.*?)"""',
    "run macro": rf"runMacro \$(?P<name>{NAME})",
    "start": r"start",
    "elf": rf"sysbus LoadELF (?P<path>{PATH})",
    "vectors": rf"sysbus\.cpu VectorTableOffset (?P<address>{NUMBER})",
}
IN_MACROS = {"elf", "vectors"}
NEED_PLATFORM = ("mips", "connect", "hook", "profiler", "elf", "vectors")


class SyntaxMistakeError(Exception):
    """Renode would not understand this."""


@dataclass(frozen=True)
class Command:
    kind: str
    values: dict[str, str]


@dataclass
class Entry:
    """A peripheral of a platform description; ``kind`` is None where it only changes one that is there."""

    name: str
    kind: str | None
    place: str | None
    attributes: dict[str, str] = field(default_factory=dict)
    init: list[str] = field(default_factory=list)
    has_init: bool = False


@dataclass
class Platform:
    base: str
    entries: dict[str, Entry]


def parse_resc(text: str) -> list[Command]:
    """Commands in order, those of macros behind the macro's own."""
    commands = []
    rest = re.sub(r"^:\w+: .*\n", "", text, flags=re.MULTILINE)
    while rest := rest.lstrip("\n"):
        macro = re.match(COMMANDS["macro"] + "\n", rest, re.DOTALL)
        line = macro.group(0) if macro else rest.split("\n", 1)[0] + "\n"
        if macro:
            commands.append(Command("macro", macro.groupdict()))
            for inner in macro.group("body").splitlines():
                commands.append(_command(inner.strip(), IN_MACROS))
        elif not line.startswith("#"):
            commands.append(_command(line.rstrip("\n"), COMMANDS.keys() - IN_MACROS - {"macro"}))
        rest = rest[len(line) :]
    _check_order(commands)
    return commands


def _command(line: str, kinds: set[str]) -> Command:
    for kind in sorted(kinds):
        if found := re.fullmatch(COMMANDS[kind], line):
            return Command(kind, found.groupdict())
    raise SyntaxMistakeError(f"not a command that is known: {line!r}")


def _check_order(commands: list[Command]) -> None:
    """A machine is made before it is described, described before it is used, and has a macro for resets."""
    _check_machines(commands)
    _check_terminals(commands)
    if not commands or commands[-1].kind != "start":
        raise SyntaxMistakeError("the script does not end by starting the machines")


def _check_machines(commands: list[Command]) -> None:
    starts = [at for at, command in enumerate(commands) if command.kind == "create"]
    if any(one.kind in ("platform", *NEED_PLATFORM) for one in commands[: (starts or [0])[0]]) or not starts:
        raise SyntaxMistakeError("a platform or its use before a machine")
    for start, end in zip(starts, [*starts[1:], len(commands)], strict=True):
        kinds = [one.kind for one in commands[start:end]]
        uses = [at for at, kind in enumerate(kinds) if kind in NEED_PLATFORM]
        if "platform" not in kinds or min(uses, default=len(kinds)) < kinds.index("platform"):
            raise SyntaxMistakeError("a platform is used before it is described")
        macros = [one.values["name"] for one in commands[start:end] if one.kind == "macro"]
        runs = [one.values["name"] for one in commands[start:end] if one.kind == "run macro"]
        if "reset" not in macros or not set(runs) <= set(macros):
            raise SyntaxMistakeError("no macro for resets, or another is run than there is")


def _check_terminals(commands: list[Command]) -> None:
    terminals = [one.values for one in commands if one.kind == "terminal"]
    for key in ("port", "name"):
        if len({one[key] for one in terminals}) < len(terminals):
            raise SyntaxMistakeError(f"a terminal's {key} twice")
    if any(one["config"] != "false" for one in terminals):
        raise SyntaxMistakeError("telnet's bytes in a UART's stream")
    if strangers := {one.values["name"] for one in commands if one.kind == "connect"} - {
        one["name"] for one in terminals
    }:
        raise SyntaxMistakeError(f"no terminal {strangers}")


def parse_repl(text: str) -> Platform:
    """One ``using``, then entries with attributes or an ``init`` section, indented by four and eight spaces."""
    lines = [line for line in text.split("\n") if line.strip() and not line.startswith("//")]
    used = [line for line in lines if line.startswith("using")]
    found = re.fullmatch(r'using "(?P<path>[\w./-]+\.repl)"', lines[0]) if lines else None
    if found is None or len(used) != 1:
        raise SyntaxMistakeError(f"not one platform is used, first: {used}")
    entries: dict[str, Entry] = {}
    for line in lines[1:]:
        if not line.startswith((" ", "\t")):
            entry = _entry(line, entries)
        elif not entries:
            raise SyntaxMistakeError(f"an attribute without an entry: {line!r}")
        else:
            _attribute(line, entry)
    for one in entries.values():
        if not one.attributes and not one.init:
            raise SyntaxMistakeError(f"the entry {one.name} is empty")
    return Platform(found.group("path"), entries)


def _attribute(line: str, entry: Entry) -> None:
    if line == "    init:":
        entry.has_init = True
    elif entry.has_init and re.fullmatch(rf' {{8}}Tag <{NUMBER}, {NUMBER}> "\w+" {NUMBER}', line):
        entry.init.append(line.strip())
    elif found := re.fullmatch(rf" {{4}}(?P<key>{NAME}): (?P<value>{NUMBER}|{STRING}|true|false)", line):
        entry.attributes[found.group("key")] = found.group("value")
    else:
        raise SyntaxMistakeError(f"neither an attribute nor an init statement, or not indented by 4 and 8: {line!r}")


def _entry(line: str, entries: dict[str, Entry]) -> Entry:
    found = re.fullmatch(rf"(?P<name>{NAME}):(?: (?P<kind>[A-Z]\w+\.\w+) @ (?P<place>sysbus {NUMBER}))?", line)
    if found is None:
        raise SyntaxMistakeError(f"not an entry: {line!r}")
    if found.group("name") in entries:
        raise SyntaxMistakeError(f"an entry twice: {line!r}")
    entry = Entry(found.group("name"), found.group("kind"), found.group("place"))
    entries[entry.name] = entry
    return entry


def check_names(platform: Platform, version: str, *used: str) -> None:
    """Whether what a description changes is there, what it adds is not, and what scripts use is one of both."""
    there = PLATFORMS[version].get(platform.base)
    if there is None:
        raise SyntaxMistakeError(f"Renode {version} has no {platform.base}")
    for entry in platform.entries.values():
        if entry.name == "sysbus":
            continue
        if (entry.kind is None) != (entry.name in there):
            state = "is there already" if entry.kind else "is not there to be changed"
            raise SyntaxMistakeError(f"{entry.name} {state} in Renode {version}'s {platform.base}")
    for name in used:
        if name not in there and name not in platform.entries:
            raise SyntaxMistakeError(f"Renode {version}'s {platform.base} has no {name}")
