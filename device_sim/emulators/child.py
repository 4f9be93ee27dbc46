"""A child process that never outlives its user, and whose death is noticed and explained."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from host_bridge.errors import UserError

LAUNCHER = Path(__file__).with_name("launcher.py")
# Lines that say why a program ended, among all that it wrote on standard error.
_REASONS = ("fatal", "Fatal", "ERROR:", "[ERROR]", "Exception:", "runtime error", "cannot run")
_NOISE = ("warning:",)


class Child:
    """Start ``command`` in a process group of its own; a context manager that ends it.

    Args:
        name: what error messages call it.
        command: program and arguments.
        pass_fds: file descriptors the program inherits.
        with_pipes: give it pipes as standard input and output (else: nothing, and standard error).
        environment: variables besides this process's own.
        with_offspring: the program starts others itself; see to it that they end with it, even if this process is
            killed.

    Raises:
        UserError: this computer cannot start another process.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        pass_fds: Sequence[int] = (),
        with_pipes: bool = False,
        environment: Mapping[str, str] | None = None,
        with_offspring: bool = False,
    ) -> None:
        self.name = name
        self._with_offspring = with_offspring
        self._stderr: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by stop()
        launcher = [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid())]
        launcher += ["--guard"] if with_offspring else []
        try:
            self.process = subprocess.Popen(
                [*launcher, *command],
                stdin=subprocess.PIPE if with_pipes else subprocess.DEVNULL,
                stdout=subprocess.PIPE if with_pipes else self._stderr,
                stderr=self._stderr,
                pass_fds=pass_fds,
                env={**os.environ, **(environment or {})},
                start_new_session=True,
            )
        except OSError as error:
            self._stderr.close()
            raise UserError(f"cannot start {name}: {error.strerror}; close other programs and try again") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def check(self) -> None:
        """Do nothing while the program runs.

        Raises:
            UserError: it has ended; tells how, and its own last words.
        """
        code = self.process.poll()
        if code is None:
            return
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        raise UserError(f"{self.name} {how}: {self.last_words() or 'it gave no reason'}")

    def wait(self, seconds: float) -> None:
        """Let the program end by itself, for at most so long."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)

    def written(self) -> str:
        """The end of what it has written on standard error, and on standard output if that is no pipe."""
        if self._stderr.closed:
            return ""
        # pread leaves alone the file position, which the running program shares.
        size = os.fstat(self._stderr.fileno()).st_size
        return os.pread(self._stderr.fileno(), 65536, max(size - 65536, 0)).decode(errors="replace")

    def last_words(self) -> str:
        """The line of its standard error that best says why it ended; empty if there is none."""
        lines = [line.strip() for line in self.written().splitlines() if line.strip()]
        telling = [line for line in lines if any(mark in line for mark in _REASONS)]
        others = [line for line in lines if not any(mark in line for mark in _NOISE)]
        return (telling or others or [""])[-1]

    def stop(self) -> None:
        """End the program and whatever it started; it keeps no state, so by force. May be called again."""
        if self.process.poll() is None or self._with_offspring:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self._stderr):
            if pipe is not None:
                pipe.close()
