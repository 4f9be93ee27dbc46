"""The oracle in this process, and each model's arena measured once: processes of their own would take long."""

from functools import cache

import pytest

from firmware_gen import tflm, tflm_child
from firmware_gen.tflm_runtime import arena, convert

_measured_once = cache(arena.measured_need)


@pytest.fixture(autouse=True)
def in_process_oracle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tflm, "infer", tflm_child.infer_all)
    monkeypatch.setattr(convert, "measured_need", _measured_once)
