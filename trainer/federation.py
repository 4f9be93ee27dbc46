"""Federated rounds, each evaluated on the test set."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import fmean
from time import perf_counter

from trainer.algorithms import RoundMetrics, ServerState
from trainer.config import RunConfig
from trainer.engines import LocalWork
from trainer.evaluate import Evaluation, Evaluator, compile_evaluator
from trainer.history import History, RoundRecord
from trainer.prepare import Prepared
from trainer.schedules import cosine_decay

OnRound = Callable[[RoundRecord], None]


def federate(config: RunConfig, prepared: Prepared, on_round: OnRound) -> History:
    """Run all rounds.

    Args:
        config: number of rounds, and what clients do in each.
        prepared: where to start.
        on_round: told about each round that is done.

    Raises:
        InvalidReplyError: a client's reply is wrong or missing, such as values that have diverged.
    """
    dataset = prepared.dataset
    evaluate = compile_evaluator(prepared.network, dataset.test_x, dataset.test_y)
    state, records = prepared.state, []
    for number in range(1, config.rounds + 1):
        state, record = _round(state, prepared, local_work(config, number), evaluate)
        records.append(record)
        on_round(record)
    return History(tuple(records), state.weights)


def local_work(config: RunConfig, number: int) -> LocalWork:
    """What clients do in round ``number``."""
    rate = cosine_decay(config.learning_rate, config.learning_rate_floor, number, config.rounds)
    return LocalWork(config.local_epochs, config.batch_size, rate, config.momentum, config.weight_decay, config.shift)


@dataclass(frozen=True)
class _Timed:
    metrics: RoundMetrics
    evaluation: Evaluation
    seconds: float


def _round(
    state: ServerState, prepared: Prepared, work: LocalWork, evaluate: Evaluator
) -> tuple[ServerState, RoundRecord]:
    start = perf_counter()
    state, metrics = prepared.algorithm.run_round(state, prepared.engine, work)
    evaluation = evaluate(state.weights)
    return state, _record(state.round, _Timed(metrics, evaluation, perf_counter() - start))


def _record(number: int, done: _Timed) -> RoundRecord:
    exchanges = done.metrics.exchanges
    return RoundRecord(
        round=number,
        accuracy=done.evaluation.accuracy,
        test_loss=done.evaluation.loss,
        loss=done.metrics.loss,
        bytes_up_per_client=round(fmean(exchange.bytes_up for exchange in exchanges)),
        bytes_down_per_client=round(fmean(exchange.bytes_down for exchange in exchanges)),
        seconds=done.seconds,
    )
