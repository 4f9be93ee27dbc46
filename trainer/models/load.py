"""A model's builder by name: one of the project's, or a user's own."""

import importlib
import sys
from pathlib import Path
from typing import Any

from host_bridge.errors import UserError

_FORM = "package.module:function"


def is_own(name: str) -> bool:
    """Whether ``name`` has the form ``package.module:function``."""
    return ":" in name


def load_own(name: str) -> Any:  # noqa: ANN401 - a function that the user wrote
    """Import a builder, looking in the current folder first.

    Args:
        name: ``package.module:function``.

    Raises:
        UserError: the name is malformed, the module cannot be imported, or it has no such function.
    """
    module_name, _, function_name = name.partition(":")
    parts = (*module_name.split("."), function_name)
    if not all(part.isidentifier() for part in parts):
        raise UserError(f"model {name!r} is not of the form {_FORM}")
    module = _import(name, module_name)
    if not hasattr(module, function_name):
        raise UserError(f"model {name!r}: module {module_name} has no {function_name}; check the spelling")
    function = getattr(module, function_name)
    if not callable(function):
        kind = type(function).__name__
        raise UserError(
            f"model {name!r}: {function_name} is of type {kind}; name a function(layers, input_shape, classes)"
        )
    return OwnBuilder(name, function)


class OwnBuilder:
    """A user's builder; what goes wrong in it is reported in one line.

    Args:
        name: as the user wrote it, for messages.
        function: ``f(layers, input_shape, classes) -> (inputs, outputs)``.
    """

    def __init__(self, name: str, function: Any) -> None:  # noqa: ANN401
        self._name = name
        self._function = function

    def __call__(self, layers: Any, input_shape: tuple[int, int, int], classes: int) -> tuple[Any, Any]:  # noqa: ANN401
        """Call the function and check what it returns.

        Raises:
            UserError: it raises, or returns something else than an input and the logits (samples, classes).
        """
        try:
            result = self._function(layers, input_shape, classes)
        except UserError:
            raise
        except Exception as error:
            raise UserError(f"model {self._name!r} failed: {_one_line(error)}; correct the function") from error
        self._check(result, input_shape, classes)
        return result[0], result[1]

    def _check(self, result: object, input_shape: tuple[int, int, int], classes: int) -> None:
        pair = isinstance(result, tuple | list) and len(result) == 2
        shapes = [_shape(tensor) for tensor in result] if pair else []  # type: ignore[attr-defined]
        if len(shapes) != 2 or None in shapes:
            raise UserError(
                f"model {self._name!r} returned a {type(result).__name__}; return (inputs, outputs), both Keras tensors"
            )
        wanted = ((None, *input_shape), (None, classes))
        for what, shape, right in zip(("inputs", "outputs"), shapes, wanted, strict=True):
            if shape != right:
                raise UserError(f"model {self._name!r}: {what} have shape {shape}, not {right}; return those")


def _shape(tensor: object) -> tuple[int | None, ...] | None:
    """The shape of a symbolic tensor, None of anything else."""
    shape = getattr(tensor, "shape", None)
    return None if shape is None else tuple(shape)


def _import(name: str, module_name: str) -> Any:  # noqa: ANN401 - a module
    here = str(Path.cwd())
    sys.path.insert(0, here)
    importlib.invalidate_caches()
    try:
        return importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        raise UserError(
            f"model {name!r}: no module {error.name}; put it in the current folder or install it"
        ) from error
    except Exception as error:
        raise UserError(f"model {name!r}: importing {module_name} failed: {_one_line(error)}; correct it") from error
    finally:
        sys.path.remove(here)


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
