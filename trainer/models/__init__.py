"""Models by name. A builder takes the ``layers`` module it builds with, so Keras 3 and ``tf_keras`` share it."""

from collections.abc import Callable
from typing import Any

from host_bridge.errors import UserError
from trainer.models.digits_cnn import digits_cnn
from trainer.models.ds_cnn import ds_cnn
from trainer.models.fashion_cnn import fashion_cnn
from trainer.models.har_cnn import har_cnn
from trainer.models.lenet5 import lenet5
from trainer.models.load import is_own, load_own
from trainer.models.resnet8 import resnet8
from trainer.models.resnet18 import resnet18
from trainer.models.vgg19 import vgg19
from trainer.registry import Registry

ModelBuilder = Callable[[Any, tuple[int, int, int], int], tuple[Any, Any]]

MODELS: Registry[ModelBuilder] = Registry(
    "model",
    {
        "digits_cnn": digits_cnn,
        "lenet5": lenet5,
        "fashion_cnn": fashion_cnn,
        "resnet8": resnet8,
        "ds_cnn": ds_cnn,
        "har_cnn": har_cnn,
        "vgg19": vgg19,
        "resnet18": resnet18,
    },
)


def load_builder(name: str) -> ModelBuilder:
    """The builder called ``name``: a name of :data:`MODELS`, or a user's own as ``package.module:function``.

    Raises:
        UserError: the name is unknown, or the user's module or function cannot be had.
    """
    if is_own(name):
        builder: ModelBuilder = load_own(name)
        return builder
    return MODELS.get(check_model_name(name))


def check_model_name(name: str) -> str:
    """Return ``name``; a user's own model is imported to find out.

    Raises:
        UserError: as :func:`load_builder`; lists the choices.
    """
    if is_own(name):
        load_own(name)
    elif name not in MODELS.names:
        raise UserError(
            f"unknown model {name!r}; choose from: {', '.join(MODELS.names)}, or give package.module:function"
        )
    return name


__all__ = ["MODELS", "ModelBuilder", "check_model_name", "load_builder"]
