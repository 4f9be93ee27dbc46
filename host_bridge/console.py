"""How every command line of the project starts and ends."""

import json
import signal
import sys
from collections.abc import Callable
from typing import Any

import click
import typer

from host_bridge.errors import UserError

EXIT_USER_ERROR = 2
EXIT_INTERRUPTED = 130
EXIT_TERMINATED = 128 + signal.SIGTERM


def run_cli(app: Callable[[], Any]) -> None:
    """Run ``app`` and turn user errors and Ctrl-C into one line and an exit code.

    Raises:
        SystemExit: 2 after a :class:`UserError`, 130 after Ctrl-C, else what ``app`` raises.
    """
    try:
        app()
    except UserError as error:
        message = " ".join(str(error).split())
        print(f"error: {message}", file=sys.stderr)
        raise SystemExit(EXIT_USER_ERROR) from None
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        raise SystemExit(EXIT_INTERRUPTED) from None


def run_app(app: typer.Typer) -> None:
    """:func:`run_cli` for a Typer app, whose own complaints (about options, mostly) become one line as well.

    SIGTERM unwinds too, so that emulators, compilers and temporary folders go away.

    Raises:
        SystemExit: 0, 2 after a mistake on the command line, 130 after Ctrl-C, 143 after SIGTERM, else what the
            command asks for.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(EXIT_TERMINATED))
    run_cli(lambda: _call(app))


def _call(app: typer.Typer) -> None:
    try:
        code = app(standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError:  # the help has been shown
        raise SystemExit(EXIT_USER_ERROR) from None
    except click.ClickException as error:
        message = error.format_message().rstrip(".")
        raise UserError(f"{message}; --help lists the options") from None
    if code == EXIT_INTERRUPTED:  # Typer's word for Ctrl-C
        raise KeyboardInterrupt
    sys.exit(code)


def print_json(document: object) -> None:
    """Print one JSON document, and nothing else, on standard output."""
    json.dump(document, sys.stdout, indent=2, sort_keys=True)
    sys.stdout.write("\n")
