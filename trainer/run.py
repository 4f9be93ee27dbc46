"""A whole run: prepare, federate, convert, deploy, write."""

from pathlib import Path

from host_bridge.errors import UserError
from trainer.algorithms import ALGORITHMS, ServerState
from trainer.choices import NO_BOARD
from trainer.config import RunConfig
from trainer.convert import Conversion, convert_int8
from trainer.deploy import Deployment, check_deployable, check_fits, deploy
from trainer.display import Display
from trainer.federation import federate
from trainer.history import History, RoundRecord
from trainer.prepare import Data, Prepared, load_data, prepare
from trainer.quiet import quiet_output
from trainer.report import write_report
from trainer.staging import staged_run
from trainer.summary import RunSummary, build_summary, write_summary
from trainer.tensors import count_kept, count_prunable

SUMMARY, MODEL, REPORT = "summary.json", "model.tflite", "report.html"


def run(config: RunConfig, display: Display | None = None, *, resume: bool = False) -> RunSummary:
    """Do everything and leave the run's files in ``config.folder``, or, if anything fails, nothing.

    Raises:
        UserError: what the user can put right; all that can be known before training is found out before.
    """
    if resume:
        raise UserError("--resume is not supported by this version; start again without it")
    display = display or Display()
    if config.board != NO_BOARD:
        check_deployable(config.board, config.emulator)
    data = load_data(config)
    with staged_run(config.folder) as folder:
        prepared = _prepare(config, data, display)
        if config.board != NO_BOARD:
            _check_fits(config, prepared, folder / MODEL)
        history = _federate(config, prepared, display)
        display.say("converting to int8")
        masks = history.state.masks[0]
        weights = prepared.judge.model_of(history.state, 0)
        conversion = convert_int8(prepared.network, weights, masks, prepared.dataset, folder / MODEL)
        deployment = _deploy(config, prepared, conversion, display)
        summary = build_summary(config, prepared, history, conversion, deployment)
        write_summary(summary, folder / SUMMARY)
        write_report(summary, folder / REPORT)
    return summary


def _prepare(config: RunConfig, data: Data, display: Display) -> Prepared:
    pruning = f" at {config.sparsity:.2%} sparsity" if ALGORITHMS.get(config.method).prunes else ""
    display.say(f"{config.dataset} over {config.clients} clients, {config.model}, {config.method}{pruning}")
    with quiet_output():
        prepared = prepare(config, data)
    specs = prepared.network.specs
    display.say(f"{count_kept(specs, prepared.masks):,} of {count_prunable(specs):,} weights kept")
    return prepared


def _check_fits(config: RunConfig, prepared: Prepared, model: Path) -> None:
    """The untrained model is as large as the trained one will be."""
    convert_int8(prepared.network, prepared.state.weights, prepared.masks, prepared.dataset, model)
    check_fits(model, config.board, config.emulator)


def _federate(config: RunConfig, prepared: Prepared, display: Display) -> History:
    with display.counting("round", config.rounds) as advance:

        def on_round(record: RoundRecord, _: ServerState) -> None:
            for text in record.rejected:
                display.say(f"not used: {text}")
            advance(record.round, f"accuracy {record.accuracy:.2%}, loss {record.test_loss:.4f}")

        return federate(config, prepared, on_round)


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
