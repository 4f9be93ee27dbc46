"""How much faster local training gets when the channels that a 98 % mask leaves dead are removed first.

Both sides train the same kept weights on the same batches, one after the other in turns; the trained weights are
compared after one step, which rounds differently, and at the end, where training has made more of that. Data is
random: time does not depend on it. Run: ``python benchmarks/compaction.py [MODEL…]``.
"""

import argparse
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from trainer.channels import compact, complete_masks, kept_macs, macs, total_macs
from trainer.datasets import Dataset
from trainer.engines import ClientTask, LocalWork
from trainer.engines.local import LocalEngine
from trainer.initialisers import initial_weights, rescale_survivors
from trainer.masks import fingerprint
from trainer.models import load_builder
from trainer.models.network import Network, build_network
from trainer.pruners import PRUNERS, prune
from trainer.tensors import Float32, Masks, Weights, count_prunable
from trainer.values import pack_values

SPARSITY, BATCH, BATCHES, TURNS, SEED = 0.98, 32, 4, 5, 1
INPUTS = {"vgg19": (32, 32, 3), "resnet18": (32, 32, 3), "resnet8": (32, 32, 3), "digits_cnn": (8, 8, 1)}


@dataclass(frozen=True)
class Case:
    """A sparse network, and one client's work."""

    network: Network
    weights: Weights
    masks: Masks
    task: ClientTask

    def engine(self, compaction: bool, batches: int = BATCHES) -> LocalEngine:
        """An engine whose one client holds all samples."""
        random = np.random.default_rng(SEED)
        samples, shape = BATCH * batches, self.network.input_shape
        x = random.standard_normal((samples, *shape), np.float32)
        y = random.integers(0, 10, samples).astype(np.int32)
        dataset = Dataset("random", tuple("0123456789"), x, y, x[:10], y[:10])
        engine = LocalEngine(self.network, dataset, (np.arange(samples),), SEED, compaction=compaction)
        engine.agree((self.masks,))
        return engine


def make_case(model: str) -> Case:
    """Prune a model with SynFlow."""
    network = build_network(load_builder(model), INPUTS[model], 10)
    initial = initial_weights(SEED, network.specs)
    kept = prune(PRUNERS.get("synflow"), network, initial, SPARSITY, random=np.random.default_rng(SEED))
    masks = complete_masks(network, kept)
    weights = rescale_survivors(network.specs, initial, masks)
    payload = pack_values(weights, masks).tobytes()
    work = LocalWork(epochs=1, batch_size=BATCH, learning_rate=0.01, momentum=0.9)
    return Case(network, weights, masks, ClientTask(0, 1, payload, work, fingerprint(masks)))


def train(engine: LocalEngine, case: Case) -> tuple[float, Float32]:
    """Seconds of one local training, and the values it ends with."""
    start = perf_counter()
    (reply,) = engine.train([case.task])
    return perf_counter() - start, np.frombuffer(reply.payload, "<f4")


def apart(some: Float32, others: Float32) -> float:
    """Largest difference, as a share of the largest value."""
    return float(np.abs(some - others).max() / np.abs(some).max())


def measure(model: str) -> str:
    """One row of the table."""
    case = make_case(model)
    engines = {"masked": case.engine(False), "compact": case.engine(True)}
    first = apart(*(train(case.engine(compaction, 1), case)[1] for compaction in (False, True)))
    last = apart(*(train(engine, case)[1] for engine in engines.values()))  # compiles
    seconds: dict[str, list[float]] = {name: [] for name in engines}
    for _ in range(TURNS):
        for name, engine in engines.items():
            seconds[name].append(train(engine, case)[0])
    masked, small = median(seconds["masked"]), median(seconds["compact"])
    smaller = compact(case.network, case.masks).network
    counts = f"{total_macs(macs(case.network)) / 1e6:,.1f} | {total_macs(macs(smaller)) / 1e6:,.1f} | "
    counts += f"{total_macs(kept_macs(case.network, case.masks)) / 1e6:,.1f}"
    sizes = f"{count_prunable(case.network.specs):,} | {count_prunable(smaller.specs):,}"
    times = f"{masked:.2f} | {small:.2f} | **{masked / small:.1f}x**"
    return f"| {model} | {sizes} | {counts} | {times} | {first:.0e} | {last:.0e} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="*", default=["vgg19", "resnet18"], help=f"of: {', '.join(INPUTS)}")
    models = parser.parse_args().models
    if unknown := sorted(set(models) - set(INPUTS)):
        parser.error(f"unknown model {unknown[0]!r}; choose from: {', '.join(INPUTS)}")
    print(f"SynFlow at {SPARSITY:.0%}, {BATCHES} batches of {BATCH}, median of {TURNS}, {os.cpu_count()} cores")
    columns = ("model", "weights", "compact", "M MACs", "compact", "kept", "masked s", "compact s", "faster")
    columns += ("apart after 1 step", "at the end")
    print(f"| {' | '.join(columns)} |\n|---|{'--:|' * (len(columns) - 1)}")
    for model in models:
        print(measure(model), flush=True)


if __name__ == "__main__":
    main()
