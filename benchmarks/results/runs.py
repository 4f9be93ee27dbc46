"""Runs federations one after the other in this process, without int8 and boards."""

from pathlib import Path
from statistics import fmean
from typing import Any

from benchmarks.results.store import Result, save
from trainer.config import make_config
from trainer.federation import federate
from trainer.prepare import load_data, prepare


def run(folder: Path, options: dict[str, Any]) -> Result:
    """Run a federation and keep its result."""
    config = make_config(options)
    prepared = prepare(config, load_data(config))
    history = federate(config, prepared, lambda *_: None)
    prepared.engine.close()
    result = Result(
        accuracy=fmean(client.overall for client in history.clients),
        local_mean=fmean(client.local for client in history.clients),
        local_worst=min(client.local for client in history.clients),
        bytes_per_client=round(fmean(record.bytes_up_per_client for record in history.rounds)),
        kept=history.rounds[-1].kept,
        seconds=sum(record.seconds for record in history.rounds),
    )
    save(folder, options, result)
    return result
