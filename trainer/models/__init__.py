"""Models by name. A builder takes the ``layers`` module it builds with, so Keras 3 and ``tf_keras`` share it."""

from collections.abc import Callable
from typing import Any

from trainer.models.digits_cnn import digits_cnn
from trainer.registry import Registry

ModelBuilder = Callable[[Any, tuple[int, int, int], int], tuple[Any, Any]]

MODELS: Registry[ModelBuilder] = Registry("model", {"digits_cnn": digits_cnn})

__all__ = ["MODELS", "ModelBuilder"]
