"""Seconds of one simulated federated round: this project beside FedJAX and Flower's simulation.

Everybody trains the same network of 38,282 weights on the same digits of the same 10 clients (Dirichlet 0.5) from the
same initial weights: one local epoch of plain SGD in batches of 16, FedAvg, on the CPU. Each side is a process of its
own; for each peer, its rounds and ours take turns, and only the two of them are alive. The first rounds, which compile,
do not count. Run: ``python benchmarks/federated_round.py``.
"""

import argparse
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.peers import environment
from benchmarks.peers.side import Failed, Side

CLIENTS, ALPHA, BATCH_SIZE, LEARNING_RATE = 10, 0.5, 16, 0.05
WARM_UP, LEAST_ROUNDS = 2, 3
MOST_SECONDS = 60
"""For the rounds of one peer, on a machine that is slow or busy; the table tells how many there were."""


@dataclass(frozen=True)
class Peer:
    """Whom to compare with.

    Attributes:
        name: for the table.
        script: in ``benchmarks/peers``, and its arguments behind the work.
        rounds: measured.
        ours: whether it runs in this project's own environment.
    """

    name: str
    script: tuple[str, ...]
    rounds: int
    ours: bool = False


PEERS = (
    Peer("FedJAX", ("run_fedjax.py",), 30),
    Peer("Flower simulation, Keras model cached", ("run_flower.py", "cached"), 15),
    Peer("Flower simulation, a new Keras model each time", ("run_flower.py", "new"), 3),
    Peer("ours, graph mode without XLA", ("run_ours.py", "graph"), 15, ours=True),
)
OURS = Peer("ours", ("run_ours.py", "auto"), 0, ours=True)


@dataclass(frozen=True)
class Duel:
    """Seconds of rounds that took turns, and test accuracies after equally many rounds."""

    theirs: list[float]
    ours: list[float]
    their_accuracy: float
    our_accuracy: float


def write_work(path: Path) -> None:
    """Draw the clients and the initial weights, and write what everybody does."""
    from benchmarks.peers.bench_net import bench_net
    from trainer.datasets.digits import load_digits
    from trainer.initialisers import initial_weights
    from trainer.models.network import build_network
    from trainer.partitions import PARTITIONS, PartitionRequest

    data = load_digits()
    weights = initial_weights(0, build_network(bench_net, data.input_shape, 10).specs)
    request = PartitionRequest(data.train_y, CLIENTS, ALPHA, BATCH_SIZE, np.random.default_rng(0))
    parts = PARTITIONS.get("dirichlet")(request)
    sizes = sorted(len(part) for part in parts)
    print(f"{sum(weight.size for weight in weights):,} weights; samples of the clients: {sizes}")
    np.savez(
        path,
        train_x=data.train_x,
        train_y=data.train_y,
        test_x=data.test_x,
        test_y=data.test_y,
        clients=CLIENTS,
        tensors=len(weights),
        batch_size=BATCH_SIZE,
        learning_rate=LEARNING_RATE,
        **{f"part{number}": part for number, part in enumerate(parts)},
        **{f"weight{number}": weight for number, weight in enumerate(weights)},
    )


def duel(peer: Peer, rounds: int, work: Path) -> Duel:
    """Let both sides take turns.

    Raises:
        Failed: a side ended early; tells what it last wrote.
    """
    seconds: dict[str, list[float]] = {"theirs": [], "ours": []}
    with start(peer, work) as theirs, start(OURS, work) as ours:
        print(f"{peer.name}: {theirs.versions}; ours: {ours.versions}", flush=True)
        began = perf_counter()
        for number in range(WARM_UP + rounds):
            if len(seconds["theirs"]) >= LEAST_ROUNDS and perf_counter() - began > MOST_SECONDS:
                break
            for name, side in (("theirs", theirs), ("ours", ours)):
                taken = side.ask("round")["seconds"]
                if number >= WARM_UP:
                    seconds[name].append(taken)
        accuracies = [side.ask("accuracy")["accuracy"] for side in (theirs, ours)]
        return Duel(seconds["theirs"], seconds["ours"], *accuracies)


def start(peer: Peer, work: Path) -> Side:
    """Start a side."""
    python = Path(sys.executable) if peer.ours else environment.PYTHON
    return Side(python, peer.script[0], (str(work), *peer.script[1:]))


def spread(seconds: list[float]) -> str:
    """Median and quartiles."""
    if len(seconds) < 4:
        return f"{median(seconds):7.3f} ({min(seconds):.3f} to {max(seconds):.3f})"
    low, _, high = quantiles(seconds, n=4)
    return f"{median(seconds):7.3f} ({low:.3f} to {high:.3f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1.0, help="factor of the numbers of rounds (default: 1)")
    parser.add_argument("--no-install", action="store_true", help="do not download peers that are missing")
    options = parser.parse_args()
    missing = environment.ensure(install=not options.no_install)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder) / "work.npz"
        write_work(work)
        for peer in PEERS:
            if missing and not peer.ours:
                rows.append(f"{peer.name:48} not run: {missing}")
                continue
            rounds = max(LEAST_ROUNDS, round(peer.rounds * options.scale))
            try:
                found = duel(peer, rounds, work)
            except Failed as error:
                rows.append(f"{peer.name:48} failed: {error}")
                continue
            ratio = median(found.theirs) / median(found.ours)
            accuracy = f"{found.their_accuracy:.1%} / {found.our_accuracy:.1%} after {WARM_UP + len(found.ours)}"
            rows.append(f"{peer.name:48} {spread(found.theirs):26} {spread(found.ours):26} {ratio:7.1f}x   {accuracy}")
    print(f"\n{os.cpu_count()} cores; seconds of one round, median (quartiles), and test accuracy after so many rounds")
    print(f"{'peer':48} {'peer':26} {'ours':26} {'ratio':>8}   accuracy: peer / ours")
    print("\n".join(rows))


if __name__ == "__main__":
    main()
