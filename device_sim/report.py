"""The result of a verification; its JSON form is what ``device_sim verify --json`` prints."""

from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

VERIFY_REPORT_VERSION = 1


class Mismatch(BaseModel):
    """Where a board first differed: flat index into the sample's output, and both int8 values."""

    model_config = ConfigDict(frozen=True)

    sample: int
    index: int
    expected: int
    got: int


class VerifyReport(BaseModel):
    """A model on a board, compared with the host.

    Attributes:
        version: of these keys.
        board: the board file's name.
        emulator: the emulator's name.
        emulator_version: its version.
        machine: what exactly was emulated.
        samples: inputs sent.
        mismatched_samples: inputs whose output differs from the oracle's in at least one byte.
        first_mismatch: the first of them.
        oracle: what the outputs were compared with.
        instructions_per_inference: median; None where the emulator does not count instructions.
        instructions_spread: largest minus smallest count, which moves in steps of ``instructions_per_tick``.
        instructions_per_tick: resolution of the counts.
        flash_bytes: by kind, and ``total``.
        ram_bytes: ``arena``, ``stack`` (reserved), ``total``.
        stack_used_bytes: deepest use that the board measured; None where it does not measure.
        stack_worst_case_bytes: deepest use that is possible, from the call graph; None where it is not known.
        rx_lost_bytes: bytes that the board's receiver lost.
        model_sha256: of the ``.tflite`` file.
        outputs: int8 ``(samples, *output_shape)``, as the board sent them; not part of the JSON form.
    """

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    version: int = VERIFY_REPORT_VERSION
    board: str
    emulator: str
    emulator_version: str
    machine: str
    samples: int
    mismatched_samples: int
    first_mismatch: Mismatch | None
    oracle: str
    instructions_per_inference: int | None
    instructions_spread: int | None
    instructions_per_tick: float | None
    flash_bytes: dict[str, int]
    ram_bytes: dict[str, int]
    stack_used_bytes: int | None
    stack_worst_case_bytes: int | None = None
    rx_lost_bytes: int
    model_sha256: str
    outputs: np.ndarray[Any, np.dtype[np.int8]] = Field(exclude=True, repr=False)

    @property
    def passed(self) -> bool:
        """Whether every byte of every output was the oracle's."""
        return self.mismatched_samples == 0
