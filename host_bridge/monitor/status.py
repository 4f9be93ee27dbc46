"""What is shown of a fleet, and the file through which a run tells it: ``fleet.json`` in the run's folder."""

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from host_bridge.atomic import write_whole
from host_bridge.errors import UserError

STATUS = "fleet.json"
STATUS_VERSION = 1


@dataclass(frozen=True)
class BoardStatus:
    """One board, now.

    Attributes:
        board: where it is: an emulator and a board's name, or a URL.
        client: the client of the federation that it is; None outside one.
        state: what it does, in a word or two.
        round: the latest round that it has begun; 0 before the first.
        sent_bytes: on the line to the board, framing and repetitions included.
        received_bytes: on the line from the board.
        retries: requests that were repeated.
        losses: rounds in which no update of it arrived.
        reboots: how often it was found to have been reset.
    """

    board: str
    client: int | None
    state: str
    round: int = 0
    sent_bytes: int = 0
    received_bytes: int = 0
    retries: int = 0
    losses: int = 0
    reboots: int = 0


@dataclass(frozen=True)
class FleetStatus:
    """All boards of a run, now.

    Attributes:
        rounds: of the whole run; 0 where nobody knows.
        boards: in the order of their clients.
    """

    rounds: int
    boards: tuple[BoardStatus, ...]


def write_status(path: Path, status: FleetStatus) -> None:
    """Replace the file as a whole.

    Raises:
        UserError: it cannot be written.
    """
    write_whole(path, json.dumps({"version": STATUS_VERSION, **asdict(status)}, indent=1) + "\n")


def read_status(path: Path) -> FleetStatus:
    """Read what :func:`write_status` wrote.

    Raises:
        UserError: there is no such file, or it is not one of this version.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}; give the folder of a run with --devices") from error
    except ValueError as error:
        raise UserError(f"{path} is not a fleet's status; give the folder of a run with --devices") from error
    try:
        if document["version"] != STATUS_VERSION:
            raise ValueError("version")
        return FleetStatus(int(document["rounds"]), tuple(_board(entry) for entry in document["boards"]))
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path} is not a fleet's status of this version ({error}); update the program") from error


def _board(entry: dict[str, object]) -> BoardStatus:
    known = {field.name for field in fields(BoardStatus)}
    return BoardStatus(**{name: value for name, value in entry.items() if name in known})  # type: ignore[arg-type]
