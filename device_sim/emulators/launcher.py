"""Run a command that dies with the process that asked for it (run as a script: ``launcher.py PARENT_PID COMMAND…``).

A script of its own, because what a child needs to do between fork and exec is not safe in a process with threads.
Linux only; elsewhere the command is run as it is. The kernel watches the *thread* that started the launcher.
"""

import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # prctl(2)
EXIT_CANNOT_RUN = 127


def main() -> None:
    """Tie this process to its parent, then become the command."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        if os.getppid() != parent:  # it died before the line above
            raise SystemExit(EXIT_CANNOT_RUN)
    try:
        os.execvp(command[0], command)
    except OSError as error:
        print(f"cannot run {command[0]}: {error.strerror}", file=sys.stderr)
        raise SystemExit(EXIT_CANNOT_RUN) from None


if __name__ == "__main__":
    main()
