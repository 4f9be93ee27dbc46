"""``python -m host_bridge push|train|pull|monitor``: a board that learns, by hand, and a fleet of them, live."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from host_bridge.cli_options import WAIT_SECONDS, Baud, Debug, Json, Key, Port, Timeout, Wait, connect
from host_bridge.console import print_json
from host_bridge.errors import UserError
from host_bridge.keys import split_key
from host_bridge.learner import Learner, RoundTask, RoundWork
from host_bridge.samples import load_array
from host_bridge.transport import DEFAULT_BAUD

if TYPE_CHECKING:
    from numpy.typing import NDArray

_RUN = 0
"""Rounds that are asked for by hand all belong to one federation."""
_LARGEST_U16, _LARGEST_U32, _LARGEST_U64 = ((1 << bits) - 1 for bits in (16, 32, 64))
_LARGEST_FLOAT = 3.4e38
_LARGEST_LABEL = 255


def push(
    *,
    port: Port,
    seed: Annotated[
        int | None, typer.Option(help="Let the board compute its mask from this seed.", min=0, max=_LARGEST_U64)
    ] = None,
    keep: Annotated[
        int | None, typer.Option(help="With --seed: weights to keep, in one step of SynFlow.", min=1, max=_LARGEST_U32)
    ] = None,
    mask: Annotated[Path | None, typer.Option(help="A mask, as docs/protocol.md has it for transfers.")] = None,
    samples: Annotated[Path | None, typer.Option(help=".npy: (samples, …), uint8 or float32 as LEARNER says.")] = None,
    labels: Annotated[Path | None, typer.Option(help="With --samples, .npy: their classes.")] = None,
    json: Json = False,
    baud: Baud = DEFAULT_BAUD,
    timeout: Timeout = 2.0,
    wait: Wait = WAIT_SECONDS,
    key: Key = None,
    debug: Debug = False,
) -> None:
    """Bring a board its mask and its samples; shows where it stands then."""
    if (seed is None) != (keep is None) or (samples is None) != (labels is None):
        raise UserError("--seed goes with --keep, and --samples with --labels; give both")
    gaps = None if mask is None else _read(mask)
    shard = None if samples is None or labels is None else (_labels(labels), load_array(samples))
    with connect(port, baud, timeout, wait, key, debug=debug, session=True) as board:
        learner = Learner(board)
        if seed is not None and keep is not None:
            learner.seed(seed, [keep])
        if gaps is not None:
            learner.load_mask(gaps)
        if shard is not None:
            learner.load_shard(shard[0], _sample_bytes(shard[1], learner))
        _show(asdict(learner.state()), json)


def train(
    *,
    port: Port,
    values: Annotated[Path, typer.Option(help=".npy, float32 (values,): what the round begins with.")],
    round_: Annotated[int, typer.Option("--round", help="Number of the round, from 1.", min=1, max=_LARGEST_U32)] = 1,
    epochs: Annotated[int, typer.Option(min=1, max=_LARGEST_U16)] = 1,
    batch_size: Annotated[int, typer.Option(min=1, max=_LARGEST_U16)] = 16,
    learning_rate: Annotated[float, typer.Option(min=0, max=_LARGEST_FLOAT)] = 0.02,
    momentum: Annotated[float, typer.Option(min=0, max=_LARGEST_FLOAT)] = 0.9,
    json: Json = False,
    baud: Baud = DEFAULT_BAUD,
    timeout: Timeout = 2.0,
    wait: Wait = WAIT_SECONDS,
    key: Key = None,
    debug: Debug = False,
) -> None:
    """One round on a board, its samples in the order in which they lie; then `pull` fetches what came of it."""
    given = _floats(values)
    work = RoundWork(epochs, batch_size, learning_rate, momentum, 0.0, 0.0, "float32")
    with connect(port, baud, timeout, wait, key, debug=debug, session=True) as board:
        learner = Learner(board)
        state = learner.state()
        if len(given) != 4 * state.values:
            raise UserError(f"{values} holds {len(given) // 4} values, the board's mask keeps {state.values}")
        if epochs * state.samples > state.order_capacity:
            raise UserError(
                f"--epochs {epochs} of {state.samples} samples are more than the {state.order_capacity} positions that "
                "the board has room for; give fewer, or build its learner for more"
            )
        order = list(range(state.samples)) * epochs
        task = RoundTask(_RUN, round_, round_ - 1, state.mask, work, order, None, given)
        if not learner.begin(task, state.samples).ready:
            learner.load_task(task, state.samples)
        _show(asdict(learner.train(round_)), json)


def pull(
    *,
    port: Port,
    out: Annotated[Path, typer.Option(help="Write the update here: float32 .npy, or bytes in another encoding.")],
    json: Json = False,
    baud: Baud = DEFAULT_BAUD,
    timeout: Timeout = 2.0,
    wait: Wait = WAIT_SECONDS,
    key: Key = None,
    debug: Debug = False,
) -> None:
    """Fetch the update of the round that a board has trained last."""
    from host_bridge.atomic import write_whole

    with connect(port, baud, timeout, wait, key, debug=debug, session=True) as board:
        learner = Learner(board)
        state = learner.state()
        if not state.round:
            raise UserError("the board has no update: let it train a round first")
        update = learner.fetch_update(state.round)
    floats = len(update) == 4 * state.values
    write_whole(out, _as_npy(update) if floats else update)
    _show({"round": state.round, "bytes": len(update), "values": state.values, "out": str(out)}, json)


def monitor(
    *,
    run: Annotated[Path | None, typer.Option(help="Folder of a run with --devices.")] = None,
    port: Annotated[
        list[str] | None, typer.Option(help="Serial URL of a board to ask, or URL@KEY; may be given again.")
    ] = None,
    every: Annotated[float, typer.Option(help="Seconds between two looks.", min=0.1)] = 1.0,
    times: Annotated[int | None, typer.Option(help="Looks, then end; else until Ctrl-C.", min=1)] = None,
    baud: Baud = DEFAULT_BAUD,
) -> None:
    """Show a fleet live: each board's state, round, bytes, retries and losses."""
    from rich.console import Console

    from host_bridge.monitor.watch import of_lines, of_run, watch

    if (run is None) == (port is None):
        raise UserError("give either --run with a run's folder, or --port once for each board")
    look = of_run(run) if run is not None else of_lines([split_key(line) for line in port or []], baud)
    watch(look, str(run or "boards"), Console(), every=every, times=times)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}; give a file") from error


def _floats(path: Path) -> bytes:
    array = load_array(path)
    if array.dtype.kind not in "fiu":
        raise UserError(f"{path} holds {array.dtype}, not numbers; values are float32")
    return bytes(array.astype("<f4").tobytes())


def _labels(path: Path) -> bytes:
    array = load_array(path)
    if array.dtype.kind not in "iu" or (array.size and not 0 <= array.min() <= array.max() <= _LARGEST_LABEL):
        raise UserError(f"{path} holds {array.dtype} beyond 0 to {_LARGEST_LABEL}; labels are the numbers of classes")
    return bytes(array.astype("|u1").tobytes())


def _sample_bytes(array: "NDArray[Any]", learner: Learner) -> bytes:
    """Samples as they are in the file: the board says which of the two formats it wants."""
    wanted = "uint8" if learner.state().stores_bytes else "float32"
    if str(array.dtype) != wanted:
        raise UserError(f"the board stores samples as {wanted}, the file holds {array.dtype}; convert them")
    return bytes(array.astype("|u1" if wanted == "uint8" else "<f4").tobytes())


def _as_npy(update: bytes) -> bytes:
    import io

    import numpy as np

    file = io.BytesIO()
    np.save(file, np.frombuffer(update, "<f4"))
    return file.getvalue()


def _show(fields: dict[str, object], json: bool) -> None:
    if json:
        print_json(fields)
        return
    width = max(map(len, fields))
    for name, value in fields.items():
        print(f"{name:<{width}}  {value}")
