"""Datasets by name; a user's own by ``module:function`` or as a ``.npz`` file."""

from pathlib import Path

from host_bridge.errors import UserError
from trainer.datasets.cifar10 import load_cifar10
from trainer.datasets.cifar100 import load_cifar100
from trainer.datasets.dataset import Dataset, DatasetLoader
from trainer.datasets.digits import load_digits
from trainer.datasets.fashion_mnist import load_fashion_mnist
from trainer.datasets.mnist import load_mnist
from trainer.datasets.own import OWN_FORMS, check_own, is_own, load_own
from trainer.datasets.speech_commands import load_speech_commands
from trainer.datasets.uci_har import load_uci_har
from trainer.registry import Registry

DATASETS: Registry[DatasetLoader] = Registry(
    "dataset",
    {
        "digits": load_digits,
        "mnist": load_mnist,
        "fashion_mnist": load_fashion_mnist,
        "cifar10": load_cifar10,
        "cifar100": load_cifar100,
        "uci_har": load_uci_har,
        "speech_commands": load_speech_commands,
    },
)


def check_dataset_name(name: str) -> str:
    """Return the name of a dataset, whether registered or a user's own; nothing is loaded.

    Raises:
        UserError: the name is neither; lists the choices.
    """
    if is_own(name):
        return check_own(name)
    try:
        return DATASETS.check(name)
    except UserError as error:
        raise UserError(f"{error}, or {OWN_FORMS}") from None


def load_dataset(name: str, data_dir: Path | None = None) -> Dataset:
    """Load a dataset.

    Args:
        name: a name of :data:`DATASETS`, ``module:function`` (imported with the current folder on the path; it returns
            a :class:`Dataset` or (x_train, y_train, x_test, y_test)), or the path of a ``.npz`` file.
        data_dir: folder with the dataset's files; None for what comes with a package or is downloaded by Keras.

    Raises:
        UserError: the name is unknown, or the files are missing or wrong.
    """
    if is_own(check_dataset_name(name)):
        return load_own(name, data_dir)
    return DATASETS.get(name)(data_dir)


__all__ = ["DATASETS", "Dataset", "DatasetLoader", "check_dataset_name", "load_dataset"]
