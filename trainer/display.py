"""What a person sees while a run goes on: bars on a terminal, a few lines elsewhere; always on standard error."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeElapsedColumn
from rich.text import Text

Advance = Callable[[int, str], None]
"""Called with what is done so far, and a note for the end of the line."""

_LINES = 10
"""Lines per count where nobody watches a bar."""


class TimeLeftColumn(ProgressColumn):
    """Time left at the mean pace so far, that of a run before it was resumed included."""

    def render(self, task: Task) -> Text:
        """``h:mm:ss``, or dashes while nothing is done."""
        if not task.completed or task.total is None:
            return Text("-:--:--", style="progress.remaining")
        spent = task.fields["spent"]
        pace = (task.fields["before"] + spent) / task.completed
        since = (task.elapsed or 0.0) - spent
        left = max(0, round(pace * (task.total - task.completed) - since))
        return Text(str(timedelta(seconds=left)), style="progress.remaining")


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
    def counting(self, what: str, total: int, done: int = 0, seconds: float = 0.0) -> Iterator[Advance]:
        """Count up to ``total`` while the block runs.

        Args:
            what: is counted.
            total: to count to.
            done: what was done before, in a run that is resumed.
            seconds: how long that took, so that the time left is known from the start.
        """
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
            TimeLeftColumn(),
        )
        with Progress(*columns, console=self._console) as progress:
            task = progress.add_task(what, total=total, completed=done, note="", before=seconds, spent=0.0)

            def advance(now: int, note: str) -> None:
                progress.update(task, completed=now, note=note, spent=progress.tasks[0].elapsed or 0.0)

            yield advance

    def _line(self, what: str, done: int, total: int, note: str) -> None:
        every = max(1, total // _LINES)
        if done % every == 0 or done == total:
            self.say(f"{what} {done}/{total} {note}".rstrip())
