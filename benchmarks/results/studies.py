"""What is compared with what: each study is one data set and model, and a list of methods over sparsities and seeds."""

from dataclasses import dataclass, field
from typing import Any

SPARSITIES = (0.9, 0.95, 0.98, 0.99)
SEEDS = (1, 2, 3)

DENSE: dict[str, dict[str, Any]] = {
    "dense FedAvg": {"method": "fedavg"},
    "dense FedProx": {"method": "fedprox"},
}
SPARSE: dict[str, dict[str, Any]] = {
    "FedPaI-U, SynFlow": {"method": "fedpai-u", "pruner": "synflow"},
    "FedPaI-U, SNIP, federated": {"method": "fedpai-u", "pruner": "snip", "masks": "federated"},
    "FedPaI-S, channel SynFlow": {"method": "fedpai-s", "pruner": "channel-synflow"},
    "random mask (ERK)": {"method": "fedpai-u", "pruner": "erk"},
    "PruneFL": {"method": "prunefl"},
    "FedDST": {"method": "feddst"},
    "FedTiny": {"method": "fedtiny"},
    "iterative magnitude (TFMOT)": {"method": "iterative-magnitude"},
}


@dataclass(frozen=True)
class Study:
    """One data set and model.

    Attributes:
        title: heading of its table.
        options: of every run, as :class:`trainer.config.RunConfig` has them.
        dense: methods that know no sparsity, by the name in the table.
        sparse: the others.
        sparsities: columns of the table.
        seeds: runs of each cell.
        needs_data: whether the data folder has to be given.
    """

    title: str
    options: dict[str, Any]
    dense: dict[str, dict[str, Any]] = field(default_factory=lambda: DENSE)
    sparse: dict[str, dict[str, Any]] = field(default_factory=lambda: SPARSE)
    sparsities: tuple[float, ...] = SPARSITIES
    seeds: tuple[int, ...] = SEEDS
    needs_data: bool = True


_COMMON = {"board": "none", "shift": 0, "local_epochs": 1, "weight_decay": 0.0, "learning_rate": 0.05}

STUDIES: dict[str, Study] = {
    "fashion": Study(
        "Fashion-MNIST, fashion_cnn (1.01 M weights), 50 clients at Dirichlet 0.5, 10 a round",
        {
            **_COMMON,
            "dataset": "fashion_mnist",
            "model": "fashion_cnn",
            "clients": 50,
            "cohort": 10,
            "alpha": 0.5,
            "rounds": 20,
            "batch_size": 32,
        },
    ),
    "har": Study(
        "UCI-HAR-like windows, har_cnn (0.30 M weights), 21 clients, each one subject; 9 other subjects test",
        {
            **_COMMON,
            "dataset": "uci_har",
            "model": "har_cnn",
            "clients": 21,
            "partition": "natural",
            "rounds": 10,
            "batch_size": 64,
        },
    ),
}
