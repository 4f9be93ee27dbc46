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


class LayerDifference(BaseModel):
    """The first layer whose tensor on the board is not the reference's, and the first element there.

    Attributes:
        sample: number of the input.
        layer: number of the layer in the firmware's report.
        op: its operator.
        name: label of the tensor it writes.
        row: of the element; with column and channel as the board stores them, dropped channels not counted.
        column: of the element.
        channel: of the element.
        expected: the reference's value.
        got: the board's value.
        differing: elements of the tensor that differ.
        elements: elements of the tensor.
    """

    model_config = ConfigDict(frozen=True)

    sample: int
    layer: int
    op: str
    name: str
    row: int
    column: int
    channel: int
    expected: int
    got: int
    differing: int
    elements: int


class LayerProfile(BaseModel):
    """What one layer took; ``instructions`` is None where the emulator does not count them."""

    model_config = ConfigDict(frozen=True)

    layer: int
    op: str
    name: str
    instructions: int | None
    macs: int


class ProfileReport(BaseModel):
    """A model on a board, layer by layer.

    Attributes:
        layers: in order; conversions between layouts count for the layer behind them.
        calls: instructions of each call into the runtime, as the firmware's report lists them.
        samples: inputs that were timed; counts are their medians.
        instructions: all layers together; None where the emulator does not count them.
        instructions_per_tick: resolution of each call's count.
        compared_samples: inputs whose every tensor was compared.
        first_difference: None where all of them were equal.
        reference_agrees: whether the reference of the comparison, NumPy's, gives the oracle's output for them.
    """

    model_config = ConfigDict(frozen=True)

    layers: tuple[LayerProfile, ...]
    calls: tuple[int | None, ...]
    samples: int
    instructions: int | None
    instructions_per_tick: float | None
    compared_samples: list[int]
    first_difference: LayerDifference | None
    reference_agrees: bool


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
        profile: layer by layer; None unless it was asked for.
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
    profile: ProfileReport | None = None
    outputs: np.ndarray[Any, np.dtype[np.int8]] = Field(exclude=True, repr=False)

    @property
    def passed(self) -> bool:
        """Whether every byte of every output was the oracle's."""
        return self.mismatched_samples == 0
