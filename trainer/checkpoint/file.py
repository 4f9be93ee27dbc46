"""``checkpoint.npz``: a JSON header and plain arrays; nothing in it is ever executed."""

import io
import json
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter, ValidationError

from host_bridge.atomic import write_whole
from host_bridge.errors import UserError
from trainer.checkpoint.arrays import Arrays, pack_masks, pack_tensors, unpack_masks, unpack_tensors
from trainer.checkpoint.checkpoint import Checkpoint, Origin
from trainer.history import RoundRecord

CHECKPOINT = "checkpoint.npz"
VERSION = 1

_HEADER = "header"
_CLIENTS = "clients/"
_ORIGIN = TypeAdapter(Origin)
_RECORDS = TypeAdapter(tuple[RoundRecord, ...])
_DAMAGE = (zipfile.BadZipFile, ValidationError, ValueError, KeyError, IndexError, TypeError, EOFError, OSError)


def write_checkpoint(checkpoint: Checkpoint, path: Path) -> None:
    """Write a checkpoint whole: whoever is killed here leaves the one before.

    Raises:
        UserError: it cannot be written.
    """
    tensors = {"weights": checkpoint.weights} | {f"memory/{name}": kept for name, kept in checkpoint.memory.items()}
    masks, arrays = pack_masks(checkpoint.masks)
    for name, group in tensors.items():
        arrays |= pack_tensors(name, group)
    arrays |= {_CLIENTS + name: np.asarray(kept) for name, kept in checkpoint.clients.items()}
    header = {
        "version": VERSION,
        "config": checkpoint.config,
        "origin": asdict(checkpoint.origin),
        "round": checkpoint.round,
        "shapes": {name: [list(tensor.shape) for tensor in group] for name, group in tensors.items()},
        "masks": masks,
        "records": [asdict(record) for record in checkpoint.records],
    }
    arrays[_HEADER] = np.frombuffer(json.dumps(header).encode(), np.uint8)
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    write_whole(path, file.getvalue(), durable=True)


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        UserError: it is damaged, not a checkpoint, or of another version; one line.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays: Arrays = dict(stored)
        header = json.loads(arrays.pop(_HEADER).tobytes())
        version = header["version"]
        if version == VERSION:
            return _checkpoint(header, arrays)
    except _DAMAGE as error:
        raise UserError(f"{path} is damaged ({_reason(error)}); remove it and start without --resume") from None
    raise UserError(f"{path} has version {version}, not {VERSION}; start without --resume")


def _checkpoint(header: dict[str, Any], arrays: Arrays) -> Checkpoint:
    shapes = header["shapes"]
    groups = {name: unpack_tensors(name, shapes[name], arrays) for name in shapes}
    checkpoint = Checkpoint(
        config=header["config"],
        origin=_ORIGIN.validate_python(header["origin"]),
        round=int(header["round"]),
        weights=groups.pop("weights"),
        masks=unpack_masks(header["masks"], shapes["weights"], arrays),
        memory={name.removeprefix("memory/"): group for name, group in groups.items()},
        clients={name.removeprefix(_CLIENTS): kept for name, kept in arrays.items() if name.startswith(_CLIENTS)},
        records=_RECORDS.validate_python(header["records"]),
    )
    if [record.round for record in checkpoint.records] != list(range(1, checkpoint.round + 1)):
        raise ValueError(f"its records are not those of {checkpoint.round} rounds")
    return checkpoint


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 80 else f"{text[:77]}..."
