"""Masks that pruning at initialisation gives ResNet18 and VGG19, by the trainer's pruners.

    python -m benchmarks.networks.pruned_masks --model resnet18 --pruner synflow --out masks.npz

The file has one array for each layer, in Keras's order, and fits ``benchmarks.networks.masks.given``. SynFlow needs no
data and takes 100 iterations, as its authors do, which for VGG19 takes long; ``--iterations`` takes fewer. GraSP scores
once, with 128 training images of CIFAR-10, classes in equal number. Both keep 2 % of all weights, wherever they are.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

MODELS, PRUNERS = ("resnet18", "vgg19"), ("synflow", "grasp")
SPARSITY = 0.98
_SEED = 1
_BATCH = 128
_IMAGE, _CLASSES = (32, 32, 3), 10


def make_masks(model: str, pruner: str, data: Path | None, iterations: int | None = None) -> dict[str, np.ndarray]:
    """Masks by layer, bool.

    Raises:
        UserError: the data are missing, or pruning empties a layer.
    """
    from trainer.initialisers import initial_weights
    from trainer.models import MODELS as BUILDERS
    from trainer.models.network import build_network
    from trainer.pruners import PRUNERS as KNOWN
    from trainer.pruners import prune

    known = KNOWN.get(pruner)
    chosen = replace(known, iterations=iterations or known.iterations)
    network = build_network(BUILDERS.get(model), _IMAGE, _CLASSES)
    weights = initial_weights(_SEED, network.specs)
    samples = _samples(data) if chosen.needs_data else None
    masks = prune(chosen, network, weights, SPARSITY, random=np.random.default_rng(_SEED), samples=samples)
    return {
        spec.name.split("/")[0]: mask
        for spec, mask in zip(network.specs, masks, strict=True)
        if spec.prunable and mask is not None
    }


def _samples(data: Path | None) -> tuple[np.ndarray, np.ndarray]:
    from trainer.datasets.cifar10 import load_cifar10

    dataset = load_cifar10(data)
    first = [np.flatnonzero(dataset.train_y == label)[: -(-_BATCH // _CLASSES)] for label in range(_CLASSES)]
    chosen = np.stack(first, axis=1).ravel()[:_BATCH]
    return dataset.train_x[chosen], dataset.train_y[chosen]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=MODELS, required=True)
    parser.add_argument("--pruner", choices=PRUNERS, required=True)
    parser.add_argument("--data-dir", type=Path, help="folder with CIFAR-10, which grasp needs")
    parser.add_argument("--iterations", type=int, help="of scoring and pruning; default: the pruner's own")
    parser.add_argument("--out", type=Path, required=True, help="the .npz file to write")
    options = parser.parse_args()
    masks = make_masks(options.model, options.pruner, options.data_dir, options.iterations)
    np.savez_compressed(options.out, **masks)
    total = sum(mask.size for mask in masks.values())
    for name, mask in masks.items():
        print(f"{name:24} {int(mask.sum()):>9,} of {mask.size:>9,} kept ({100 * mask.mean():.2f} %)")
    print(f"{options.model}, {options.pruner}: {sum(int(m.sum()) for m in masks.values()):,} of {total:,} kept")


if __name__ == "__main__":
    main()
