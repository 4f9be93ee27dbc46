"""How figures are written for people."""

_KIB = 1024


def size(count: float) -> str:
    """Bytes, such as ``812 B``, ``47.3 KiB`` or ``1.20 MiB``."""
    if count < _KIB:
        return f"{count:,.0f} B"
    if count < _KIB * _KIB:
        return f"{count / _KIB:,.1f} KiB"
    return f"{count / _KIB / _KIB:,.2f} MiB"


def percent(share: float, digits: int = 1) -> str:
    """A share of 0 to 1, such as ``97.8 %``."""
    return f"{100 * share:.{digits}f} %"


def number(count: float) -> str:
    """A whole number with separators."""
    return f"{count:,.0f}"


def counted(count: int, noun: str) -> str:
    """A number and its noun: ``1 round``, ``30 rounds``."""
    return f"{number(count)} {noun}" if count == 1 else f"{number(count)} {noun}s"


def times(whole: float, part: float) -> str:
    """How many times ``part`` goes into ``whole``, such as ``48x``; ``-`` for nothing."""
    if part <= 0:
        return "-"
    ratio = whole / part
    return f"{ratio:.0f}x" if ratio >= 10 else f"{ratio:.1f}x"


def decibels(ratio: float | None) -> str:
    """A ratio in decibels, such as ``41.3 dB``; ``-`` where there is none."""
    return "-" if ratio is None else f"{ratio:.1f} dB"


def layer(name: str) -> str:
    """A tensor's layer: ``conv1`` for ``conv1/kernel``."""
    return name.removesuffix("/kernel")
