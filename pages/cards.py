"""The figures at the top of a page."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Card:
    """One figure: what it is, its value, and a line that puts it in proportion."""

    label: str
    value: str
    note: str
