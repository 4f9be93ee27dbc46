"""Federated rounds, each evaluated on the test set."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from statistics import fmean
from time import perf_counter

import numpy as np

from trainer.aggregation import AGGREGATORS, Aggregate, clip_norm
from trainer.algorithms import ALGORITHMS, RoundMetrics, RoundPlan, ServerState
from trainer.config import RunConfig
from trainer.engines import LocalWork
from trainer.evaluate import Evaluation
from trainer.history import History, RoundRecord
from trainer.prepare import Prepared
from trainer.schedules import cosine_decay
from trainer.seeds import Purpose, generator
from trainer.server_optimisers import SERVER_OPTIMISERS
from trainer.tensors import TensorSpec, count_kept

OnRound = Callable[[RoundRecord, ServerState], None]


def federate(config: RunConfig, prepared: Prepared, on_round: OnRound, done: tuple[RoundRecord, ...] = ()) -> History:
    """Run the rounds that are left.

    Args:
        config: number of rounds, and what clients do in each.
        prepared: where to start.
        on_round: told about each round that is done, and the state after it.
        done: rounds that have led to the state in ``prepared``.

    Raises:
        UserError: every update of a round was wrong, such as values that have diverged.
    """
    state, records = prepared.state, list(done)
    for number in range(state.round + 1, config.rounds + 1):
        start = perf_counter()
        state, metrics = prepared.algorithm.run_round(state, prepared.engine, round_plan(config, prepared, number))
        evaluation = prepared.judge.overall(state)
        records.append(_record(state, _Timed(metrics, evaluation, perf_counter() - start)))
        on_round(records[-1], state)
    return History(tuple(records), state, prepared.judge.clients(state))


def round_plan(config: RunConfig, prepared: Prepared, number: int) -> RoundPlan:
    """What round ``number`` is to be; all chance follows from the seed and the number."""
    cohort = _cohort(config, number)
    absent = _absent(config, number, cohort)
    return RoundPlan(
        work=local_work(config, number),
        cohort=cohort,
        aggregate=_aggregate(config, prepared.network.specs),
        optimise=partial(SERVER_OPTIMISERS.get(config.server_optimiser), rate=config.server_learning_rate),
        network=prepared.network,
        rounds=config.rounds,
        absent=absent,
        late=_late(config, number, cohort) - absent,
        quorum=config.quorum,
        adjust_every=config.adjust_every,
        sparsity=config.sparsity,
    )


def _aggregate(config: RunConfig, specs: tuple[TensorSpec, ...]) -> Aggregate:
    aggregate = AGGREGATORS.get(config.aggregator)(config.trim)
    return aggregate if config.clip_norm is None else clip_norm(aggregate, config.clip_norm, specs)


def local_work(config: RunConfig, number: int) -> LocalWork:
    """What clients do in round ``number``."""
    return LocalWork(
        epochs=config.local_epochs,
        batch_size=config.batch_size,
        learning_rate=cosine_decay(config.learning_rate, config.learning_rate_floor, number, config.rounds),
        momentum=config.momentum,
        weight_decay=config.weight_decay,
        shift=config.shift,
        proximal=config.proximal if ALGORITHMS.get(config.method).proximal else 0.0,
        encoding=config.encoding,
    )


def _cohort(config: RunConfig, number: int) -> tuple[int, ...]:
    if config.cohort is None or config.cohort >= config.clients:
        return tuple(range(config.clients))
    random = generator(config.seed, Purpose.COHORT, number)
    return tuple(sorted(int(client) for client in random.choice(config.clients, config.cohort, replace=False)))


def _absent(config: RunConfig, number: int, cohort: tuple[int, ...]) -> frozenset[int]:
    return _some(cohort, config.drop_rate, generator(config.seed, Purpose.ABSENCE, number))


def _late(config: RunConfig, number: int, cohort: tuple[int, ...]) -> frozenset[int]:
    return _some(cohort, config.late_rate, generator(config.seed, Purpose.LATENESS, number))


def _some(cohort: tuple[int, ...], rate: float, random: np.random.Generator) -> frozenset[int]:
    chances = random.random(len(cohort))
    return frozenset(client for client, chance in zip(cohort, chances, strict=True) if chance < rate)


@dataclass(frozen=True)
class _Timed:
    metrics: RoundMetrics
    evaluation: Evaluation
    seconds: float


def _record(state: ServerState, done: _Timed) -> RoundRecord:
    exchanges = done.metrics.exchanges
    answered = [exchange for exchange in exchanges if exchange.samples]
    sent = [exchange.bytes_up for exchange in exchanges if exchange.bytes_up]
    return RoundRecord(
        round=state.round,
        accuracy=done.evaluation.accuracy,
        test_loss=done.evaluation.loss,
        loss=done.metrics.loss,
        answered=len(answered),
        asked=len(exchanges),
        rejected=done.metrics.rejected,
        late=done.metrics.late,
        applied=done.metrics.applied,
        kept=count_kept(state.specs, state.masks[0]),
        bytes_up=sum(sent),
        bytes_down=sum(exchange.bytes_down for exchange in exchanges),
        bytes_up_per_client=round(fmean(sent)) if sent else 0,
        bytes_down_per_client=round(fmean(exchange.bytes_down for exchange in exchanges)),
        seconds=done.seconds,
        cohort=None if len(exchanges) == len(state.masks) else tuple(exchange.client for exchange in exchanges),
        unused=tuple(exchange.client for exchange in exchanges if not exchange.samples),
    )
