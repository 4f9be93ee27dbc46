"""A whole run: prepare, federate, convert, deploy, write."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from host_bridge.monitor.status import STATUS
from trainer.algorithms import ALGORITHMS, ServerState
from trainer.callbacks import EVENTS, ROUNDS, Callback, Checkpointer, JsonLines, ShowProgress, TensorBoard
from trainer.checkpoint import CHECKPOINT, Checkpoint, origin_of, resumable, resumed
from trainer.choices import NO_BOARD
from trainer.config import RunConfig
from trainer.convert import Conversion, check_backend, convert_int8
from trainer.deploy import Deployment, check_deployable, check_fits, deploy
from trainer.display import Display
from trainer.engines.fleet import boards_of, keep_learners
from trainer.federation import federate
from trainer.history import History, RoundRecord
from trainer.prepare import Data, Prepared, load_data, prepare
from trainer.quantisation.aware import QAT_ROUNDS, convert_aware
from trainer.quantisation.twin import check_quantisable
from trainer.quiet import quiet_output
from trainer.report import write_report
from trainer.staging import claimed, staged_run
from trainer.summary import RunSummary, build_summary, write_summary
from trainer.tensors import count_kept, count_prunable

SUMMARY, MODEL, REPORT = "summary.json", "model.tflite", "report.html"


@dataclass(frozen=True)
class _Start:
    """Where a run starts: its data, and the checkpoint to go on from, if any."""

    data: Data
    checkpoint: Checkpoint | None

    @property
    def done(self) -> tuple[RoundRecord, ...]:
        return () if self.checkpoint is None else self.checkpoint.records


def run(config: RunConfig, display: Display | None = None, *, resume: bool = False) -> RunSummary:
    """Do everything and leave the run's files in ``config.folder``.

    If anything fails, only the log of the rounds done, the checkpoint after the last of them and the last status of
    boards stay.

    Args:
        config: what to do.
        display: what a person sees.
        resume: whether to go on from the checkpoint in ``config.folder``.

    Raises:
        UserError: what the user can put right; all that can be known before training is found out before.
    """
    display = display or Display()
    check_backend()
    if config.board != NO_BOARD:
        check_deployable(config.board, config.emulator)
    checkpoint = resumable(config, SUMMARY) if resume else None
    start = _Start(load_data(config), checkpoint)
    with claimed(config.folder):
        (config.folder / STATUS).unlink(missing_ok=True)  # of an earlier run's boards
        with _advice(config, display), staged_run(config.folder) as folder:
            summary = _work(config, start, display, folder)
        (config.folder / CHECKPOINT).unlink(missing_ok=True)
    return summary


@contextmanager
def _advice(config: RunConfig, display: Display) -> Iterator[None]:
    """If the block fails and a checkpoint is there, say how to go on."""
    try:
        yield
    except BaseException:
        if (config.folder / CHECKPOINT).is_file():
            display.say(f"{config.folder / CHECKPOINT} holds the rounds done; --resume with the same options goes on")
        raise


def _work(config: RunConfig, start: _Start, display: Display, folder: Path) -> RunSummary:
    prepared = _prepare(config, start, display)
    with closing(prepared.engine):
        history = _train(config, start, prepared, display, folder)
    conversion = _convert(config, prepared, history.state, display, folder / MODEL)
    deployment = _deploy(config, prepared, conversion, display)
    summary = build_summary(config, prepared, history, conversion, deployment)
    write_summary(summary, folder / SUMMARY)
    write_report(summary, folder / REPORT)
    return summary


def _train(config: RunConfig, start: _Start, prepared: Prepared, display: Display, folder: Path) -> History:
    """Find out what can be known before training, train, and keep the firmware of boards that trained."""
    if config.quantisation == "qat":
        check_quantisable(prepared.network)
    if config.board != NO_BOARD and prepared.algorithm.fixed_masks:
        _check_fits(config, prepared, folder / MODEL)
    history = _federate(config, prepared, start.done, display)
    keep_learners(prepared.engine, folder)
    return history


def _prepare(config: RunConfig, start: _Start, display: Display) -> Prepared:
    pruning = f" at {config.sparsity:.2%} sparsity" if ALGORITHMS.get(config.method).prunes else ""
    display.say(f"{config.dataset} over {config.clients} clients, {config.model}, {config.method}{pruning}")
    if not ALGORITHMS.get(config.method).prunes and "sparsity" in config.model_fields_set:
        display.say(f"{config.method} keeps every weight: sparsity = {config.sparsity:g} is not used")
    with quiet_output():
        prepared = prepare(config, start.data)
    if start.checkpoint is not None:
        prepared = resumed(start.checkpoint, prepared, config.folder)
        display.say(f"going on after round {start.checkpoint.round} of {config.rounds}")
    if prepared.no_boards:
        display.say(f"all clients run on this computer: {prepared.no_boards}")
    for board in boards_of(prepared.engine):
        display.say(f"client {board.client} is {board.place}")
    specs = prepared.network.specs
    display.say(f"{count_kept(specs, prepared.masks):,} of {count_prunable(prepared.full_specs):,} weights kept")
    return prepared


def _check_fits(config: RunConfig, prepared: Prepared, model: Path) -> None:
    """The untrained model is as large as the trained one will be."""
    convert_int8(prepared.network, prepared.state.weights, prepared.masks, prepared.dataset, model)
    check_fits(model, config.board, config.emulator)


def _federate(config: RunConfig, prepared: Prepared, done: tuple[RoundRecord, ...], display: Display) -> History:
    seconds = sum(record.seconds for record in done)
    with display.counting("round", config.rounds, len(done), seconds) as advance, ExitStack() as closed:
        callbacks = _callbacks(config, prepared, done, ShowProgress(display, advance))
        for callback in callbacks:
            closed.enter_context(closing(callback))

        def on_round(record: RoundRecord, state: ServerState) -> None:
            for callback in callbacks:
                callback.on_round(record, state)

        return federate(config, prepared, on_round, done)


def _callbacks(
    config: RunConfig, prepared: Prepared, done: tuple[RoundRecord, ...], progress: ShowProgress
) -> tuple[Callback, ...]:
    """The checkpoint comes first: what it holds, every other file can be made from again."""
    folder = config.folder
    saved = Checkpointer(folder / CHECKPOINT, config, origin_of(prepared), prepared.engine, done)
    lines = JsonLines(folder / ROUNDS, done)
    events = (TensorBoard(folder / EVENTS, done),) if config.tensorboard else ()
    return saved, lines, *events, progress


def _convert(config: RunConfig, prepared: Prepared, state: ServerState, display: Display, model: Path) -> Conversion:
    """The first client's model where clients have their own."""
    display.say("converting to int8")
    if config.quantisation == "qat":
        with display.counting("quantisation-aware round", QAT_ROUNDS) as advance:
            return convert_aware(config, prepared, state, model, advance)
    weights = prepared.judge.model_of(state, 0)
    return convert_int8(prepared.network, weights, state.masks[0], prepared.dataset, model)


def _deploy(config: RunConfig, prepared: Prepared, conversion: Conversion, display: Display) -> Deployment | None:
    if config.board == NO_BOARD:
        return None
    display.say(f"building firmware for {config.board}")
    with display.counting("sample on the board", len(prepared.dataset.test_y)) as advance:
        model = conversion.path
        return deploy(
            model,
            prepared.dataset,
            config.board,
            config.emulator,
            model.parent,
            progress=lambda done, _: advance(done, ""),
        )
