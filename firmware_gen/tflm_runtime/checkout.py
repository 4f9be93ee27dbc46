"""The user's checkout of TensorFlow Lite Micro."""

import os
from pathlib import Path

from host_bridge.errors import UserError

VARIABLE = "TFLM_DIR"
_MARK = Path("tensorflow/lite/micro/micro_interpreter.h")
_REMEDY = f"give --tflm-dir or set {VARIABLE} to a checkout of TensorFlow Lite Micro"


def find_checkout(given: Path | None) -> Path:
    """The absolute path of the checkout: the one given, or that of the environment.

    Raises:
        UserError: there is none, or it is something else.
    """
    named = given or (Path(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else None)
    if named is None:
        raise UserError(f"a firmware with --runtime tflm is built from a checkout: {_REMEDY}; --format lib needs none")
    if not (named / _MARK).is_file():
        raise UserError(f"{named} is no checkout of TensorFlow Lite Micro: {_MARK} is not there; {_REMEDY}")
    return named.resolve()
