"""What makes clients with masks of their own learn: a common core, and statistics measured at the client.

SNIP at 98 % on digits, 10 clients at Dirichlet 0.5, a network with normalisations. "Naive" averages running statistics
like weights and evaluates the union of all masks. Run: ``python benchmarks/personalized_masks.py [--seeds N]``.
"""

import argparse
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean, stdev

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from trainer.config import RunConfig, make_config
from trainer.federation import federate
from trainer.prepare import Prepared, load_data, prepare

OPTIONS = {
    "dataset": "digits",
    "model": "fashion_cnn",
    "pruner": "snip",
    "clients": 10,
    "alpha": 0.5,
    "rounds": 15,
    "local_epochs": 4,
    "shift": 0,
    "weight_decay": 0.0,
    "board": "none",
    "compaction": False,
}


@dataclass(frozen=True)
class Outcome:
    """Accuracies in percent: on the whole test set; on samples like a client's own: mean, and the worst client's."""

    overall: float
    own: float
    worst: float


def run(options: dict[str, object], seed: int, change: Callable[[Prepared], Prepared]) -> Outcome:
    """One federation."""
    config: RunConfig = make_config({**OPTIONS, **options, "seed": seed})
    prepared = change(prepare(config, load_data(config)))
    history = federate(config, prepared, lambda *_: None)
    own = [100 * client.local for client in history.clients]
    return Outcome(100 * fmean(client.overall for client in history.clients), fmean(own), min(own))


def as_it_is(prepared: Prepared) -> Prepared:
    """No change."""
    return prepared


def averaged_statistics(prepared: Prepared) -> Prepared:
    """Running statistics travel and are averaged like weights."""
    specs = prepared.network.specs
    masks = tuple(
        tuple(mask if spec.trained else None for spec, mask in zip(specs, client, strict=True))
        for client in prepared.state.masks
    )
    prepared.engine.agree(masks)
    return replace(prepared, state=replace(prepared.state, masks=masks))


def union(options: dict[str, object], seed: int) -> Outcome:
    """Averaged statistics, and the one model that holds every weight that any client holds."""
    config = make_config({**OPTIONS, **options, "seed": seed})
    prepared = averaged_statistics(prepare(config, load_data(config)))
    history = federate(config, prepared, lambda *_: None)
    everything = tuple(None if mask is None else mask | True for mask in history.state.masks[0])
    shared = replace(history.state, masks=(everything,) * config.clients)
    clients = prepared.judge.clients(shared)
    own = [100 * client.local for client in clients]
    return Outcome(100 * clients[0].overall, fmean(own), min(own))


def personalized(overlap: float) -> dict[str, object]:
    """Options of masks of one's own."""
    return {"method": "fedpai-u", "masks": "personalized", "overlap": overlap}


ROWS: dict[str, Callable[[int], Outcome]] = {
    "one mask for all (federated saliency)": lambda seed: run(
        {"method": "fedpai-u", "masks": "federated"}, seed, as_it_is
    ),
    "own masks, naive: union, averaged statistics": lambda seed: union(personalized(0.0), seed),
    "own masks, each its own; averaged statistics": lambda seed: run(personalized(0.0), seed, averaged_statistics),
    "own masks, own statistics": lambda seed: run(personalized(0.0), seed, as_it_is),
    "own masks, own statistics, core of 50 %": lambda seed: run(personalized(0.5), seed, as_it_is),
    "own masks, own statistics, core of 80 %": lambda seed: run(personalized(0.8), seed, as_it_is),
}


def shown(values: list[float]) -> str:
    """Mean ± standard deviation."""
    return f"{fmean(values):.1f}" + (f" ± {stdev(values):.1f}" if len(values) > 1 else "")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3, help="runs of each row")
    seeds = range(1, parser.parse_args().seeds + 1)
    print(f"digits, fashion_cnn, SNIP at 98 %, {OPTIONS['rounds']} rounds; mean ± standard deviation of {len(seeds)}")
    print("| masks | whole test set | own distribution | worst client's |")
    print("|---|--:|--:|--:|")
    for name, measure in ROWS.items():
        found = [measure(seed) for seed in seeds]
        cells = [shown([getattr(one, key) for one in found]) for key in ("overall", "own", "worst")]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
