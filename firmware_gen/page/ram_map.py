"""The RAM map as a picture: the regions of the board above, the arena over time below."""

from firmware_gen.ram_map.report import ArenaReport, BlockKind, BufferKind, BufferReport, RegionReport
from firmware_gen.report import ModelReport
from pages.colours import BLUE, GREEN, INK, MUTED, ORANGE, PALE, PURPLE, RULE
from pages.drawing import Box, Drawing, Line, Shape, Words, first_fitting, fitted, text_width
from pages.text import percent, size

WIDTH = 1000.0
_LEFT, _RIGHT = 74.0, 8.0
_REGION_HEIGHT, _BAR, _THIN = 92.0, 30.0, 8.0
_ARENA_HEIGHT = 340.0
_MOST_NAMES, _LABEL = 40, 10.0
BLOCK_COLOURS: dict[BlockKind, str] = {
    "stack": GREEN, "arena": BLUE, "link": ORANGE, "data": PURPLE, "bss": MUTED, "alignment": RULE
}  # fmt: skip
BLOCK_NAMES: dict[BlockKind, str] = {
    "stack": "stack, reserved", "arena": "arena", "link": "link buffers", "data": "data", "bss": "other variables",
    "alignment": "alignment",
}  # fmt: skip
_BUFFER_COLOURS: dict[BufferKind, str] = {"input": GREEN, "output": GREEN, "tensor": BLUE, "scratch": ORANGE}


def ram_map_drawing(report: ModelReport) -> Drawing:
    """Both parts in one picture; without regions, for programs of this machine, the arena alone.

    Raises:
        ValueError: a report of an older version, which has no map.
    """
    if report.ram_map is None:
        raise ValueError("the report has no RAM map; build the firmware again")
    shapes: list[Shape] = []
    top = 0.0
    for region in report.ram_map.regions:
        shapes += _region(region, top)
        top += _REGION_HEIGHT if region.used_bytes else _REGION_HEIGHT / 2
    shapes += _arena(report.ram_map.arena, top)
    names = len(report.ram_map.arena.calls) <= _MOST_NAMES
    alt = f"RAM map: {', '.join(_told(region) for region in report.ram_map.regions)}; arena {_arena_told(report)}"
    return Drawing(WIDTH, top + _ARENA_HEIGHT + (124.0 if names else 44.0), alt, tuple(shapes))


def _told(region: RegionReport) -> str:
    return f"{region.name} {size(region.used_bytes)} of {size(region.bytes)}"


def _arena_told(report: ModelReport) -> str:
    return f"{size(report.arena_bytes)}, at least {size(report.arena_lower_bound)}"


def _region(region: RegionReport, top: float) -> list[Shape]:
    """What is used, over the full width; the same against all that there is, thin; who is who."""
    head = f"{region.name} at 0x{region.origin:08x}: {size(region.used_bytes)} of {size(region.bytes)} used"
    share = region.used_bytes / region.bytes
    shapes: list[Shape] = [Words(0, top + 13, f"{head} ({percent(share)})", bold=True)]
    y = top + 20
    if region.used_bytes:
        shapes += _blocks(region, y)
        y += _BAR + 4
    shapes += [Box(0, y, WIDTH, _THIN, PALE), Box(0, y, WIDTH * share, _THIN, INK)]
    return shapes + (_legend(region, y + _THIN + 16) if region.used_bytes else [])


def _blocks(region: RegionReport, y: float) -> list[Shape]:
    shapes: list[Shape] = []
    x = 0.0
    for block in region.blocks:
        width = WIDTH * block.bytes / region.used_bytes
        place = "" if block.address is None else f" at 0x{block.address:08x}"
        title = f"{block.name}{place}: {block.bytes:,} bytes, {BLOCK_NAMES[block.kind]}"
        shapes.append(Box(x, y, width, _BAR, BLOCK_COLOURS[block.kind], title, edge="#ffffff"))
        name = BLOCK_NAMES[block.kind]
        if label := first_fitting((f"{name} {size(block.bytes)}", f"{block.kind} {size(block.bytes)}"), width - 10):
            shapes.append(Words(x + width / 2, y + _BAR / 2 + 4, label, "#ffffff", anchor="middle"))
        x += width
    return shapes


def _legend(region: RegionReport, y: float) -> list[Shape]:
    shapes: list[Shape] = []
    x = 0.0
    for kind, name in BLOCK_NAMES.items():
        total = sum(block.bytes for block in region.blocks if block.kind == kind)
        if total:
            text = f"{name} {total:,} B"
            shapes += [Box(x, y - 9, 10, 10, BLOCK_COLOURS[kind]), Words(x + 15, y, text, MUTED)]
            x += 15 + text_width(text) + 18
    return shapes


def _arena(arena: ArenaReport, top: float) -> list[Shape]:
    """Time from left to right, addresses from the bottom up."""
    count = len(arena.calls)
    plot = WIDTH - _LEFT - _RIGHT
    step, floor = plot / (count + 2), top + 26 + _ARENA_HEIGHT - 30
    scale = (_ARENA_HEIGHT - 40) / arena.bytes
    title = f"arena over time: {size(arena.bytes)}; at its busiest call {size(arena.lower_bound)} are in use"
    shapes: list[Shape] = [Words(0, top + 13, title, bold=True)]
    shapes += _axis(arena, floor, scale)
    for buffer in arena.buffers:
        x = _LEFT + (buffer.first + 1) * step
        width = (buffer.last - buffer.first + 1) * step
        height = max(buffer.bytes * scale, 1.0)
        y = floor - buffer.offset * scale - height
        shapes.append(Box(x, y, width, height, _BUFFER_COLOURS[buffer.kind], _life(buffer), edge="#ffffff"))
        writer = arena.calls[max(buffer.first, 0)].name if buffer.kind != "input" else "input"
        options = (f"{writer} {size(buffer.bytes)}", writer, size(buffer.bytes))
        label = first_fitting(options, width - 6, _LABEL)
        if label and height >= _LABEL + 3:
            shapes.append(Words(x + width / 2, y + height / 2 + 3.5, label, "#ffffff", _LABEL, anchor="middle"))
    bound = floor - arena.lower_bound * scale
    shapes.append(Line(_LEFT, bound, WIDTH - _RIGHT, bound, INK, "4 3"))
    return shapes + _times(arena, floor, step) + _kinds(floor, count <= _MOST_NAMES)


def _life(buffer: BufferReport) -> str:
    end = buffer.offset + buffer.bytes
    return f"{buffer.name} ({buffer.kind}): bytes {buffer.offset:,} to {end:,}, calls {buffer.first} to {buffer.last}"


def _axis(arena: ArenaReport, floor: float, scale: float) -> list[Shape]:
    shapes: list[Shape] = []
    for quarter in range(5):
        at = arena.bytes * quarter / 4
        y = floor - at * scale
        shapes += [
            Line(_LEFT, y, WIDTH - _RIGHT, y, RULE),
            Words(_LEFT - 8, y + 4, size(round(at)), MUTED, 11, anchor="end"),
        ]
    return shapes


def _times(arena: ArenaReport, floor: float, step: float) -> list[Shape]:
    """Names of the calls where there are few, else their numbers."""
    count = len(arena.calls)
    if count <= _MOST_NAMES:
        names = ["input", *(f"{number} {call.name}" for number, call in enumerate(arena.calls)), "output"]
        return [
            Words(_LEFT + (at + 0.5) * step + 3, floor + 12, fitted(name, 116, _LABEL), MUTED, _LABEL, "end", turn=-52)
            for at, name in enumerate(names)
        ]
    every = -(-count // 20)
    return [
        Words(_LEFT + (number + 1.5) * step, floor + 14, str(number), MUTED, _LABEL, "middle")
        for number in range(0, count, every)
    ]


def _kinds(floor: float, names: bool) -> list[Shape]:
    shapes: list[Shape] = []
    x, y = _LEFT, floor + (124 if names else 36)
    for name, colour in (("model's input and output", GREEN), ("tensors", BLUE), ("scratch", ORANGE)):
        shapes += [Box(x, y - 9, 10, 10, colour), Words(x + 15, y, name, MUTED)]
        x += 15 + text_width(name) + 18
    return [*shapes, Line(x, y - 4, x + 22, y - 4, INK, "4 3"), Words(x + 28, y, "busiest call", MUTED)]
