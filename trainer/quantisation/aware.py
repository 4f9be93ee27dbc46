"""From a run's float model to int8 by quantisation-aware training."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from trainer.algorithms import ServerState
from trainer.config import RunConfig
from trainer.convert import Conversion, calibration_samples, check_and_write
from trainer.prepare import Prepared
from trainer.quantisation.training import FineTuning, fine_tune
from trainer.quantisation.twin import QuantisedTwin, Ranges
from trainer.tensors import Masks, Weights
from trainer.traffic import payload_bytes
from trainer.values import pack_values

QAT_ROUNDS = 2
"""Rounds of fine-tuning, one local epoch each, after those of the float model."""

RATE_SHARE = 0.1
"""Share of the run's learning rate, unless its floor is higher: a trained model is only nudged."""


def convert_aware(
    config: RunConfig, prepared: Prepared, state: ServerState, out: Path, on_round: Callable[[int, str], None]
) -> Conversion:
    """Fine-tune a twin that rounds, convert it, check its zeros, and write it.

    Where clients have masks or statistics of their own, the model is the first client's, and it alone fine-tunes it;
    else all clients do. Values travel as float32, and nobody falls silent.

    Args:
        config: the run's options.
        prepared: what it started from.
        state: the server's after the last round.
        out: the ``.tflite`` file to write.
        on_round: is told the rounds done, and how it went.

    Raises:
        UserError: as :func:`trainer.convert.convert_int8`, or a layer cannot be quantised.
    """
    dataset, masks = prepared.dataset, state.masks[0]
    weights = prepared.judge.model_of(state, 0)
    clients = prepared.partition if state.shared else prepared.partition[:1]
    plan = FineTuning(
        specs=prepared.network.specs,
        masks=masks,
        clients={place: (dataset.train_x[own], dataset.train_y[own]) for place, own in enumerate(clients)},
        seed=config.seed,
        first_round=config.rounds + 1,
        batch_size=config.batch_size,
        learning_rate=config.learning_rate * max(config.learning_rate_floor, RATE_SHARE),
        momentum=config.momentum,
        weight_decay=config.weight_decay,
        shift=config.shift,
    )
    twin = QuantisedTwin(prepared.network, weights)
    trained, ranges = fine_tune(
        twin, weights, plan, QAT_ROUNDS, lambda done, loss: on_round(done, f"training loss {loss:.3f}")
    )
    content = twin.convert(calibration_samples(dataset), ranges)
    conversion = check_and_write(content, prepared.network, trained, masks, out)
    return replace(conversion, traffic=len(clients) * _bytes_per_client(trained, masks, ranges))


def _bytes_per_client(weights: Weights, masks: Masks, ranges: Ranges) -> int:
    """Each round: values down, ranges up, the widest down, values up; behind the last, values and ranges once more."""
    values = payload_bytes(pack_values(weights, masks).astype("<f4").tobytes())
    widths = payload_bytes(ranges.astype("<f4").tobytes())
    return QAT_ROUNDS * 2 * (values + widths) + values + widths
