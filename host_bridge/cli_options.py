"""Options that commands which talk to a board share, and the conversation that they begin."""

import logging
from pathlib import Path
from typing import Annotated

import typer

from host_bridge.client import Board
from host_bridge.keys import load_key

Port = Annotated[str, typer.Option("--port", help="Serial URL: a device file, or socket://HOST:PORT.")]
Baud = Annotated[int, typer.Option(help="Baud rate of a real serial port.", min=1)]
Timeout = Annotated[float, typer.Option(help="Seconds until a request is repeated.", min=0.01)]
Wait = Annotated[float, typer.Option("--wait", help="Seconds to wait for the board's first answer.", min=0.1)]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output and nothing else.")]
Key = Annotated[Path | None, typer.Option(help="The board's key, where its firmware was built with one.")]
Debug = Annotated[bool, typer.Option("--debug", help="Log every frame to standard error.")]

WAIT_SECONDS = 10.0


def connect(
    port: str, baud: int, timeout: float, wait: float, key: Path | None, *, debug: bool, session: bool = False
) -> Board:
    """Begin a conversation as the options say.

    Args:
        port: serial URL.
        baud: of a real serial port.
        timeout: seconds until a request is repeated.
        wait: seconds to wait for the first answer.
        key: file of the board's key.
        debug: log every frame.
        session: whether to open a session even without a key.

    Raises:
        UserError: the key cannot be read, the port does not open, or the board does not answer or refuses.
    """
    if debug:
        logging.basicConfig(level=logging.DEBUG, format="%(relativeCreated)8.1f ms %(message)s")
    return Board.connect(port, timeout, wait, baud, None if key is None else load_key(key), session=session)
