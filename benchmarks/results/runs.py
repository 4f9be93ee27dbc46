"""Runs federations one after the other in this process, without int8 and boards."""

from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import Any

from benchmarks.results.store import Result, save
from trainer.config import RunConfig, make_config
from trainer.federation import federate
from trainer.prepare import Data, load_data, prepare

FEW_TRAIN, FEW_TEST, FEW_IN_BATCH = 4, 20, 2
"""Samples of each client, of the test set and of a batch in a trial."""


def run(folder: Path, options: dict[str, Any]) -> Result:
    """Run a federation and keep its result."""
    config = make_config(options)
    result = _result(config, load_data(config))
    save(folder, options, result)
    return result


def try_out(options: dict[str, Any]) -> Result:
    """Two rounds over a few samples: whether a configuration runs; its accuracy means nothing, and nothing is kept."""
    config = make_config({**options, "rounds": 2, "batch_size": FEW_IN_BATCH})
    return _result(config, _few(load_data(config)))


def _few(data: Data) -> Data:
    all_, test = data.dataset, slice(FEW_TEST)
    return Data(
        replace(all_, test_x=all_.test_x[test], test_y=all_.test_y[test]),
        tuple(indices[:FEW_TRAIN] for indices in data.partition),
    )


def _result(config: RunConfig, data: Data) -> Result:
    prepared = prepare(config, data)
    history = federate(config, prepared, lambda *_: None)
    prepared.engine.close()
    return Result(
        accuracy=fmean(client.overall for client in history.clients),
        local_mean=fmean(client.local for client in history.clients),
        local_worst=min(client.local for client in history.clients),
        bytes_per_client=round(fmean(record.bytes_up_per_client for record in history.rounds)),
        kept=history.rounds[-1].kept,
        seconds=sum(record.seconds for record in history.rounds),
    )
