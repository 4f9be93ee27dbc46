"""Versions of what decides a run's figures."""

import platform
from importlib.metadata import PackageNotFoundError, version

from firmware_gen.version import TOOL_VERSION
from trainer.deploy import Deployment

_PACKAGES = ("tensorflow", "keras", "tf_keras", "tensorflow-model-optimization", "numpy", "tflite-micro")
_MISSING = "not installed"


def versions(deployment: Deployment | None) -> dict[str, str]:
    """By name: this project, Python and its packages, and, after a deployment, compiler, emulator and oracle."""
    found = {"fedpai-micro": TOOL_VERSION, "python": platform.python_version()}
    found |= {package: _package(package) for package in _PACKAGES}
    if deployment is not None:
        verify = deployment.verify
        found["compiler"] = deployment.firmware.compiler
        found["emulator"] = f"{verify.emulator} {verify.emulator_version}"
        found["oracle"] = verify.oracle
    return found


def _package(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return _MISSING
