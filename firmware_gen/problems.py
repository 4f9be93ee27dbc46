"""All that keeps a model from becoming firmware, gathered before anything is refused."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from host_bridge.errors import UserError


@dataclass(frozen=True)
class Problem:
    """One reason, with a remedy; ``operator`` is a number in the file, None where it is not one operator's."""

    operator: int | None
    message: str


class ModelProblemsError(UserError):
    """A model that is not supported; the message has the first reason, ``problems`` has all.

    Args:
        problems: at least one.
        prefix: put in front of the message, such as the file's name.
    """

    def __init__(self, problems: tuple[Problem, ...], prefix: str = "") -> None:
        more = f" (and {len(problems) - 1} more; firmware_gen analyze lists them)" if len(problems) > 1 else ""
        super().__init__(f"{prefix}{problems[0].message}{more}")
        self.problems = problems


class Problems:
    """Gathers what goes wrong, so that the next piece can be looked at."""

    def __init__(self) -> None:
        self._found: list[Problem] = []

    @contextmanager
    def gather(self, operator: int | None = None) -> Iterator[None]:
        """Keep the error that the block raises, if any, and go on behind it."""
        try:
            yield
        except ModelProblemsError as error:
            self._found += error.problems
        except UserError as error:
            self._found.append(Problem(operator, str(error)))

    def check(self, prefix: str = "") -> None:
        """Do nothing where nothing went wrong.

        Raises:
            ModelProblemsError: with all that was gathered, each message once.
        """
        if self._found:
            unique = {problem.message: problem for problem in self._found}
            raise ModelProblemsError(tuple(unique.values()), prefix)
