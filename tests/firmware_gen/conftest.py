"""The oracle in this process: a process of its own for each of hundreds of small models would take minutes."""

import pytest

from firmware_gen import tflm, tflm_child


@pytest.fixture(autouse=True)
def in_process_oracle(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "isolated_oracle" not in request.fixturenames:
        monkeypatch.setattr(tflm, "infer", tflm_child.infer_all)


@pytest.fixture
def isolated_oracle() -> None:
    """Ask for the oracle as users have it."""
