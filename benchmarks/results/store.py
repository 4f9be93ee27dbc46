"""Results that are there already: one JSON file a run, named after its options, so that a study can be interrupted."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from host_bridge.atomic import write_whole


@dataclass(frozen=True)
class Result:
    """One run.

    Attributes:
        accuracy: of the final model on the test set; of personalized models their mean.
        local_mean: mean over the clients of the accuracy on test samples distributed like their own.
        local_worst: the same for the worst client.
        bytes_per_client: mean bytes up of a client and round.
        kept: prunable weights kept at the end.
        seconds: wall-clock time of the rounds, on whatever else the computer did; for orientation.
    """

    accuracy: float
    local_mean: float
    local_worst: float
    bytes_per_client: int
    kept: int
    seconds: float


def path_of(folder: Path, options: dict[str, Any]) -> Path:
    """Where the result of these options is kept; the place of the data does not matter."""
    known = {key: value for key, value in sorted(options.items()) if key != "data_dir"}
    return folder / f"{hashlib.sha256(json.dumps(known).encode()).hexdigest()[:16]}.json"


def load(folder: Path, options: dict[str, Any]) -> Result | None:
    """The result of a run, or None if it has not been run."""
    file = path_of(folder, options)
    return Result(**json.loads(file.read_text())["result"]) if file.exists() else None


def save(folder: Path, options: dict[str, Any], result: Result) -> None:
    """Keep a result, with the options it belongs to."""
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(path_of(folder, options), json.dumps({"options": options, "result": asdict(result)}, indent=1))
