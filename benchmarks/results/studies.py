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
    "FedPaI-U, GraSP, federated": {"method": "fedpai-u", "pruner": "grasp", "masks": "federated"},
    "FedPaI-S, channel SynFlow": {"method": "fedpai-s", "pruner": "channel-synflow"},
    "FedPaI-S, channel SynFlow, half the rate": {
        "method": "fedpai-s",
        "pruner": "channel-synflow",
        "learning_rate": 0.05,
    },
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
        accelerator: whether it is only run when asked for by name, on a machine that has one (``KERAS_BACKEND=jax``).
    """

    title: str
    options: dict[str, Any]
    dense: dict[str, dict[str, Any]] = field(default_factory=lambda: DENSE)
    sparse: dict[str, dict[str, Any]] = field(default_factory=lambda: SPARSE)
    sparsities: tuple[float, ...] = SPARSITIES
    seeds: tuple[int, ...] = SEEDS
    accelerator: bool = False


_COMMON = {"board": "none", "shift": 0, "local_epochs": 1, "weight_decay": 0.0, "learning_rate": 0.1}
_SMALL_IMAGES = {
    **_COMMON,
    "model": "fashion_cnn",
    "clients": 50,
    "cohort": 10,
    "alpha": 0.5,
    "rounds": 20,
    "batch_size": 32,
}

_PAPER: dict[str, dict[str, Any]] = {
    "FedPaI-U, SynFlow": SPARSE["FedPaI-U, SynFlow"],
    "FedPaI-U, GraSP, federated": {"method": "fedpai-u", "pruner": "grasp", "masks": "federated"},
    "FedPaI-S, channel SynFlow": SPARSE["FedPaI-S, channel SynFlow"],
    "random mask (ERK)": SPARSE["random mask (ERK)"],
}


def _image_study(model: str, title: str) -> Study:
    """The networks and data of FedPaI's paper; rounds and rates are ours, its authors published no code."""
    return Study(
        f"CIFAR-10, {title}, 10 clients at Dirichlet 0.5",
        {
            **_COMMON,
            "dataset": "cifar10",
            "model": model,
            "clients": 10,
            "alpha": 0.5,
            "rounds": 100,
            "batch_size": 64,
            "shift": 4,
            "weight_decay": 5e-4,
        },
        dense={"dense FedAvg": DENSE["dense FedAvg"]},
        sparse=_PAPER,
        sparsities=(0.98,),
        seeds=(1,),
        accelerator=True,
    )


STUDIES: dict[str, Study] = {
    "fashion": Study(
        "Fashion-MNIST, fashion_cnn (1.02 M weights), 50 clients at Dirichlet 0.5, 10 a round",
        {**_SMALL_IMAGES, "dataset": "fashion_mnist"},
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
            "batch_size": 32,
        },
    ),
    "cifar10": Study(
        "CIFAR-10, fashion_cnn (1.33 M weights), 50 clients at Dirichlet 0.5, 10 a round",
        {**_SMALL_IMAGES, "dataset": "cifar10"},
        sparsities=(0.98,),
    ),
    "cifar10-vgg19": _image_study("vgg19", "VGG19-BN (20.0 M weights)"),
    "cifar10-resnet18": _image_study("resnet18", "ResNet18 (11.2 M weights)"),
}
