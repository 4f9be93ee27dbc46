"""Who is called through which pointer: the one thing of the call graph that no compiler tells.

A call such as ``port->write(…)`` is known by the member, one such as ``expanders[encoding](…)`` by the array it goes
through. A new pointer in the runtime or in a port needs a line here; without it the worst case is not known, and
reports say which is missing.
"""

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path

POINTERS: dict[str, tuple[str, ...]] = {
    # fp_port: ports/board_cortex_m.c
    "read": ("read_bytes",),
    "write": ("write_bytes",),
    "wait": ("wait_for_bytes",),
    "ticks": ("ticks",),
    "stack_used": ("stack_used",),
    "rx_lost": ("rx_lost",),
    # fp_model: the generated call list
    "invoke": ("invoke",),
    # the routes of fp_requests.c
    "handle": ("handle_*",),
    # the decoders of fp_taps.c
    "expanders": ("expand_*",),
    # the inner loops of fp_conv_runs.c and fp_conv_dsp.c
    "run": ("compute_run", "walk_run"),
    "compute": ("compute_stride*",),
}
"""Member or array -> names of the functions it may hold; ``*`` stands for anything."""

_CALLS = (re.compile(r"(?:->|\.)\s*(\w+)\s*\("), re.compile(r"(\w+)\[[^]]*\]\s*\("), re.compile(r"^(\w+)\s*\("))
_LINES = 6


def names_at(place: str) -> list[str]:
    """Members or arrays that a call may go through, read in the statement at ``file:line:column`` of the source."""
    parts = place.rsplit(":", 2)
    if len(parts) != 3 or not parts[1].isdigit() or not parts[2].isdigit():
        return []
    try:
        lines = Path(parts[0]).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    row, column = int(parts[1]) - 1, int(parts[2]) - 1
    text = " ".join([lines[row][column:], *lines[row + 1 : row + _LINES]]) if row < len(lines) else ""
    found = (pattern.findall(text.split(";")[0]) for pattern in _CALLS)
    return next((names for names in found if names), [])


def targets(pointer: str, names: Iterable[str]) -> list[str]:
    """Of ``names``, those that a member or array may hold."""
    patterns = POINTERS.get(pointer, ())
    return [name for name in names if any(fnmatchcase(name, pattern) for pattern in patterns)]
