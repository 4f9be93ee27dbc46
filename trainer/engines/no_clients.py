"""The engine of nobody, for a fleet of boards that has no other clients beside it."""

from collections.abc import Iterable, Iterator

from trainer.engines.base import ClientReply, ClientTask, GradientReply, Memory
from trainer.tensors import Masks, Weights


class NoClients:
    """See :class:`trainer.engines.base.Engine`; whoever asks something of a client has asked the wrong one."""

    def agree(self, masks: tuple[Masks, ...]) -> None:
        """Nobody holds a mask."""

    def train(self, tasks: Iterable[ClientTask]) -> Iterator[ClientReply]:
        """No replies.

        Raises:
            RuntimeError: there is a task.
        """
        _refuse(task.client for task in tasks)
        return iter(())

    def gradients(self, clients: Iterable[int], weights: Weights) -> Iterator[GradientReply]:  # noqa: ARG002 - the seam's
        """No gradients.

        Raises:
            RuntimeError: there is a client.
        """
        _refuse(clients)
        return iter(())

    def memory(self) -> Memory:
        """Nobody remembers anything."""
        return {}

    def restore(self, memory: Memory) -> None:
        """What other clients remembered elsewhere has no place here."""

    def close(self) -> None:
        """Nothing was started."""


def _refuse(clients: Iterable[int]) -> None:
    for client in clients:
        raise RuntimeError(f"client {client} does not run here")
