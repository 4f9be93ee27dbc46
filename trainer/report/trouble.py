"""Rounds in which something was missing."""

from dataclasses import dataclass

from pages.text import counted
from trainer.summary.document import RoundSummary, RunSummary

_MOST_ROWS = 10
_MOST_NAMES = 12


@dataclass(frozen=True)
class Trouble:
    """What went missing over a run.

    Attributes:
        sentence: all of it in short.
        rounds: some of the rounds concerned, the worst if not all: each with its number, asked, used, and a remark.
        left_out: rounds concerned that ``rounds`` has no room for.
    """

    sentence: str
    rounds: tuple[tuple[int, int, int, str], ...]
    left_out: int


def trouble(summary: RunSummary) -> Trouble | None:
    """What went missing; None if nothing did."""
    found = [one for one in summary.rounds if one.answered < one.asked or one.rejected or not one.applied]
    if not found:
        return None
    missing, refused = sum(one.asked - one.answered for one in found), sum(len(one.rejected) for one in found)
    void = sum(not one.applied for one in found)
    parts = [f"{counted(missing, 'time')} a client's update was not used"]
    if refused:
        parts.append(f"{counted(refused, 'update')} {_were(refused)} refused")
    if late := sum(one.late for one in found):
        parts.append(f"{counted(late, 'update')} came too late")
    if void:
        parts.append(f"{counted(void, 'round')} {_were(void)} void because the quorum was missed")
    sentence = f"In {len(found)} of {counted(len(summary.rounds), 'round')} something was missing: {'; '.join(parts)}."
    worst = sorted(found, key=lambda one: (one.applied, -len(one.rejected), one.answered - one.asked))[:_MOST_ROWS]
    shown = sorted(worst, key=lambda one: one.round)
    rows = tuple((one.round, one.asked, one.answered, _remark(one)) for one in shown)
    return Trouble(sentence, rows, len(found) - len(rows))


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


def _remark(one: RoundSummary) -> str:
    parts = [] if one.applied else ["quorum missed, the model stayed as it was"]
    if one.unused:
        names = ", ".join(map(str, one.unused[:_MOST_NAMES]))
        more = f" and {len(one.unused) - _MOST_NAMES} more" if len(one.unused) > _MOST_NAMES else ""
        parts.append(f"without {'client' if len(one.unused) == 1 else 'clients'} {names}{more}")
    if one.late:
        parts.append(f"{one.late} too late")
    parts += [f"refused: {text}" for text in one.rejected]
    return "; ".join(parts)
