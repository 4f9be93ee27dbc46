"""Who is called through which pointer: the one thing of the call graph that no compiler tells.

A call such as ``port->write(…)`` is known by the member, one such as ``expanders[encoding](…)`` by the array it goes
through. What a member may hold is what the sources put there by name (``.write = write_bytes``, ``plan.compute = …``),
and what :data:`POINTERS` states for tables whose rows have no names and for arguments. A pointer that neither explains
makes the worst case unknown, and reports say which it is.
"""

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path

POINTERS: dict[str, tuple[str, ...]] = {
    "handle": ("handle_*",),  # the routes of services
    "open": ("open_request",),  # the guards of sessions: one of them, or none
    "seal": ("seal_reply",),
    "greet": ("greet",),
    "random": ("fp_board_random",),  # what fp_auth_init gets
    "expanders": ("expand_*",),  # the decoders of fp_taps.c
    "done": ("add_channel",),  # the argument of fp_conv_run_list
    "run": ("compute_run", "walk_run"),  # the runners of fp_conv_dsp.c and fp_conv_mve.c
    "put": ("fp_learner_*_put",),  # the argument of feed in fp_learning_store.c
    "progress": ("keep_alive",),  # what the requests of learning hand to long work
    "invoke": (),  # what generated models assign; a learner has none
    "calls": ("call_*",),  # the generated calls of a profiling build
}
"""Member or array -> names of the functions it may hold, if they are linked; ``*`` stands for anything."""

_CALLS = (re.compile(r"(?:->|\.)\s*(\w+)\s*\("), re.compile(r"(\w+)\[[^]]*\]\s*\("), re.compile(r"^(\w+)\s*\("))
_ASSIGNED = re.compile(r"(?:->|\.)\s*(\w+)\s*=(?!=)([^,;}]*)")
_CHOICE = re.compile(r"\(([^()]*\?[^()]*)\)\s*\(")
_LINES = 6


def names_at(place: str) -> list[str]:
    """Members or arrays that a call may go through, read in the statement at ``file:line:column`` of the source."""
    statement = statement_at(place)
    found = (pattern.findall(statement) for pattern in _CALLS)
    return next((names for names in found if names), [])


def choice_at(place: str) -> list[str]:
    """Words of a choice that is called on a line, such as ``(wide ? two : one)(x)``; functions are among them."""
    file, _, place = place.partition(":")
    line = place.partition(":")[0]
    found = _CHOICE.search(statement_at(f"{file}:{line}:1"))
    return re.findall(r"\w+", found.group(1)) if found else []


def statement_at(place: str) -> str:
    """The statement from ``file:line:column`` of the source on; empty where there is none."""
    parts = place.rsplit(":", 2)
    if len(parts) != 3 or not parts[1].isdigit() or not parts[2].isdigit():
        return ""
    lines = _read(Path(parts[0])).splitlines()
    row, column = int(parts[1]) - 1, int(parts[2]) - 1
    text = " ".join([lines[row][column:], *lines[row + 1 : row + _LINES]]) if row < len(lines) else ""
    return text.split(";")[0]


def assigned(sources: Iterable[Path]) -> dict[str, set[str]]:
    """Member -> every word that some source assigns to a member of that name; functions are among them."""
    found: dict[str, set[str]] = {}
    for source in sources:
        for member, value in _ASSIGNED.findall(_read(source)):
            found.setdefault(member, set()).update(re.findall(r"\w+", value))
    return found


def targets(pointer: str, words: set[str], names: Iterable[str]) -> list[str]:
    """Of the functions ``names``, those that a member or array may hold; ``words`` are what is assigned to it."""
    patterns = POINTERS.get(pointer, ())
    return [name for name in names if name in words or any(fnmatchcase(name, pattern) for pattern in patterns)]


def _read(source: Path) -> str:
    try:
        return source.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
