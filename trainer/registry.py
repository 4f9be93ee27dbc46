"""Named choices: datasets, models, partitions, pruners, algorithms, engines."""

from typing import Generic, TypeVar

from host_bridge.errors import UserError

T = TypeVar("T")


class Registry(Generic[T]):
    """Entries by name; an unknown name is an error that lists the choices.

    Args:
        kind: what the entries are, for messages, such as ``"dataset"``.
        entries: by the name users write.
    """

    def __init__(self, kind: str, entries: dict[str, T]) -> None:
        self._kind = kind
        self._entries = dict(entries)

    @property
    def names(self) -> tuple[str, ...]:
        """Every name, in the order of registration."""
        return tuple(self._entries)

    def check(self, name: str) -> str:
        """Return ``name``.

        Raises:
            UserError: the name is unknown.
        """
        if name not in self._entries:
            raise UserError(f"unknown {self._kind} {name!r}; choose from: {', '.join(self.names)}")
        return name

    def get(self, name: str) -> T:
        """The entry called ``name``.

        Raises:
            UserError: the name is unknown.
        """
        return self._entries[self.check(name)]
