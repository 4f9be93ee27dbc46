"""Run a command that dies with the process that asked for it (run as a script: ``launcher.py PARENT_PID COMMAND…``).

A script of its own, because what a child needs to do between fork and exec is not safe in a process with threads.
Linux only; elsewhere the command is run as it is. The kernel watches the *thread* that started the launcher.

``launcher.py PARENT_PID --guard COMMAND…`` is for commands that start others (a shell script around the real program,
say): the launcher stays, and when its parent dies or the command ends, it ends its process group, whose leader it is.
"""

import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # prctl(2)
EXIT_CANNOT_RUN = 127
GUARD = "--guard"


def main() -> None:
    """Tie this process to its parent, then become the command, or guard it."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    guards = command[0] == GUARD
    if guards:
        signal.signal(signal.SIGTERM, lambda *_: os.killpg(0, signal.SIGKILL))
    _die_with(parent, signal.SIGTERM if guards else signal.SIGKILL)
    if guards:
        _guard(command[1:])
    _become(command)


def _die_with(parent: int, number: signal.Signals) -> None:
    """Let the kernel send ``number`` when the parent ends."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:  # it died before the line above
            raise SystemExit(EXIT_CANNOT_RUN)


def _become(command: list[str]) -> None:
    try:
        os.execvp(command[0], command)
    except OSError as error:
        print(f"cannot run {command[0]}: {error.strerror}", file=sys.stderr)
        raise SystemExit(EXIT_CANNOT_RUN) from None


def _guard(command: list[str]) -> None:
    """Run the command as a child, end what it leaves behind, and end as it did."""
    guard = os.getpid()
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        _die_with(guard, signal.SIGKILL)
        _become(command)
    _, status = os.waitpid(child, 0)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.killpg(0, signal.SIGTERM)
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.kill(guard, -code)
    raise SystemExit(code)


if __name__ == "__main__":
    main()
