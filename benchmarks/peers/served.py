"""The measured side of the benchmark: answers one JSON line for each line it is told on its standard input.

``round`` runs one round and answers its seconds, ``accuracy`` answers the accuracy on the test set, and the end of
the input ends it. Whatever a framework prints goes to the standard error stream.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator
from time import perf_counter

_ANSWERS = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)


def answer(**given: object) -> None:
    """One line to the benchmark."""
    print(json.dumps(given), file=_ANSWERS, flush=True)


def commands() -> Iterator[str]:
    """The benchmark's commands, one by one."""
    for line in sys.stdin:
        yield line.strip()


def serve(versions: dict[str, str], run_round: Callable[[], None], accuracy: Callable[[], float]) -> None:
    """Answer until the input ends.

    Args:
        versions: of the packages that are measured.
        run_round: one round, done when it returns.
        accuracy: of the global model on the test set.
    """
    answer(versions=versions)
    for command in commands():
        if command == "round":
            start = perf_counter()
            run_round()
            answer(seconds=perf_counter() - start)
        else:
            answer(accuracy=accuracy())
