"""Keeps native libraries from writing on the terminal, and so from spoiling ``--json``."""

import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_STREAMS = (1, 2)


@contextmanager
def quiet_output() -> Iterator[None]:
    """Swallow what this process writes on its standard streams, C++ included; exceptions tell what went wrong."""
    _flush()
    saved = [os.dup(stream) for stream in _STREAMS]
    with tempfile.TemporaryFile() as swallowed, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            for stream in _STREAMS:
                os.dup2(swallowed.fileno(), stream)
            yield
        finally:
            _flush()
            for stream, copy in zip(_STREAMS, saved, strict=True):
                os.dup2(copy, stream)
                os.close(copy)


def _flush() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
