"""From a checkpoint back into a run: only the same run, with the same data and model."""

import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np

from host_bridge.errors import UserError
from trainer.algorithms import ServerState
from trainer.backends import backend
from trainer.checkpoint.checkpoint import Checkpoint, Origin
from trainer.checkpoint.file import CHECKPOINT, read_checkpoint
from trainer.config import RunConfig
from trainer.datasets import Dataset
from trainer.masks import fingerprint
from trainer.prepare import Prepared

MAY_DIFFER = frozenset({"out", "data_dir", "board", "emulator", "tensorboard", "devices", "device_seconds"})
"""Options that change nothing before the last round is done, but for rounding: clients may move to boards and back."""

_REMEDY = "give the options of that run, or start without --resume"


def resumable(config: RunConfig, finished: str) -> Checkpoint:
    """The checkpoint in the results' folder.

    Args:
        config: options of the run that is to go on.
        finished: name of the file that a finished run leaves.

    Raises:
        UserError: there is none, it is damaged, or it is of other options.
    """
    path = config.folder / CHECKPOINT
    if not path.is_file():
        if (config.folder / finished).is_file():
            raise UserError(f"the run in {config.folder} is finished; start without --resume to do it again")
        raise UserError(f"nothing to resume in {config.folder}; start without --resume")
    checkpoint = read_checkpoint(path)
    check_options(checkpoint, config, path)
    return checkpoint


def check_options(checkpoint: Checkpoint, config: RunConfig, path: Path) -> None:
    """Refuse a checkpoint of other options.

    Raises:
        UserError: names the first option that differs, and both its values.
    """
    wanted = config.model_dump(mode="json")
    for key in [*wanted, *checkpoint.config]:
        if key in MAY_DIFFER:
            continue
        if key not in checkpoint.config or key not in wanted:
            raise UserError(f"{path} is of another version of this program ({key}); start without --resume")
        if checkpoint.config[key] != wanted[key]:
            then, now = checkpoint.config[key], wanted[key]
            raise UserError(f"{path} is of a run with {key} = {then!r}, not {now!r}; {_REMEDY}")


def origin_of(prepared: Prepared) -> Origin:
    """What a run stands on."""
    specs = prepared.network.specs
    return Origin(backend().name, _data_crc(prepared.dataset), tuple((spec.name, spec.shape) for spec in specs))


def resumed(checkpoint: Checkpoint, prepared: Prepared, folder: Path) -> Prepared:
    """The run where the checkpoint left it; the engine has the masks and memory of then.

    Raises:
        UserError: the data, the model or Keras' backend are not those of then.
    """
    then, now = checkpoint.origin, origin_of(prepared)
    for what, old, new in (
        ("Keras' backend", then.backend, now.backend),
        ("the data", f"CRC {then.data:08x}", f"CRC {now.data:08x}"),
        ("the model", *_first_difference(then, now)),
    ):
        if old != new:
            raise UserError(f"{folder / CHECKPOINT}: {what} was {old} then and is {new} now; start without --resume")
    masks = prepared.state.masks
    if list(map(fingerprint, masks)) != list(map(fingerprint, checkpoint.masks)):
        # An engine may train otherwise once masks have changed, so it is told again only if they have.
        masks = checkpoint.masks
        prepared.engine.agree(masks)
    state = ServerState(checkpoint.round, prepared.network.specs, checkpoint.weights, masks, checkpoint.memory)
    prepared.engine.restore(checkpoint.clients)
    return replace(prepared, state=state)


def _first_difference(then: Origin, now: Origin) -> tuple[str, str]:
    for old, new in zip(then.tensors, now.tensors, strict=False):
        if old != new:
            return f"{old[0]} {old[1]}", f"{new[0]} {new[1]}"
    return f"of {len(then.tensors)} tensors", f"of {len(now.tensors)} tensors"


def _data_crc(dataset: Dataset) -> int:
    crc = 0
    for array in (dataset.train_x, dataset.train_y, dataset.test_x, dataset.test_y):
        crc = zlib.crc32(np.ascontiguousarray(array).data, crc)
    return crc
