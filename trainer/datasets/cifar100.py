"""Small colour photographs, 32x32 pixels; each channel has mean 0 and variance 1 over the training images.

A. Krizhevsky: "Learning Multiple Layers of Features from Tiny Images", 2009. The 100 fine classes.
"""

from pathlib import Path

from trainer.datasets.checked import make_dataset
from trainer.datasets.cifar_pickle import read_batch
from trainer.datasets.dataset import Dataset
from trainer.datasets.keras_cache import read_files_or_keras
from trainer.datasets.layouts import Layout
from trainer.datasets.npz import read_split
from trainer.datasets.raw import Raw

_CLASSES = tuple(
    """
    apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can castle
    caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant
    flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man
    maple_tree motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree
    plain plate poppy porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail
    snake spider squirrel streetcar sunflower sweet_pepper table tank telephone television tiger tractor train trout
    tulip turtle wardrobe whale willow_tree wolf woman worm
    """.replace("_", "-").split()
)


def _read_batches(paths: tuple[Path, ...]) -> Raw:
    train, test = (read_batch(path, "fine_labels") for path in paths)
    return Raw(*train, *test)


_LAYOUTS = (
    Layout(("cifar100.npz",), read_split),
    Layout(("train", "test"), _read_batches, folders=("cifar-100-python", ".")),
)


def load_cifar100(data_dir: Path | None) -> Dataset:
    """50,000 training and 10,000 test images of 100 classes."""
    return make_dataset("cifar100", _CLASSES, read_files_or_keras("cifar100", data_dir, _LAYOUTS), standardised=True)
