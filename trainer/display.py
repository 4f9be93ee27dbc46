"""What a person sees while a run goes on: bars on a terminal, a few lines elsewhere; always on standard error."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

Advance = Callable[[int, str], None]
"""Called with what is done so far, and a note for the end of the line."""

_LINES = 10
"""Lines per count where nobody watches a bar."""


class Display:
    """Progress of one run.

    Args:
        console: where to draw; standard error if None.
    """

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)

    def say(self, text: str) -> None:
        """One line that stays."""
        self._console.print(text, highlight=False, markup=False, soft_wrap=True)

    @contextmanager
    def counting(self, what: str, total: int) -> Iterator[Advance]:
        """Count up to ``total`` while the block runs."""
        if not self._console.is_terminal:
            yield lambda done, note: self._line(what, done, total, note)
            return
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=self._console) as progress:
            task = progress.add_task(what, total=total, note="")
            yield lambda done, note: progress.update(task, completed=done, note=note)

    def _line(self, what: str, done: int, total: int, note: str) -> None:
        every = max(1, total // _LINES)
        if done % every == 0 or done == total:
            self.say(f"{what} {done}/{total} {note}".rstrip())
