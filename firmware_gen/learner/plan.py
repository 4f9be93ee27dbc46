"""The memory of a learner: one block or two, planned before anything is built."""

from dataclasses import dataclass
from math import prod
from typing import Literal

from firmware_gen.learner.activations import Activations, place_activations
from firmware_gen.learner.description import LearnerDescription
from firmware_gen.learner.limits import check_description, check_seedable
from firmware_gen.learner.masks import BakedMask
from firmware_gen.learner.pieces import Room, place
from host_bridge.errors import UserError

Encoding = Literal["float32", "float16", "int8"]
SampleFormat = Literal["uint8", "float32"]
BLOCK = 128
"""Values that share a scale in int8 (docs/wire.md)."""
MOST_SAMPLES = 65_535
BINS = 2048
"""Of the histograms by which the mask's computation finds its thresholds (fp_synflow.c)."""
LEAST_CANDIDATES = 1024
_FLOAT, _SHORT, _WORD, _LONG = 4, 2, 4, 8


@dataclass(frozen=True)
class Purpose:
    """What a learner is planned for.

    Attributes:
        samples: of its own that it holds at most.
        sample_format: how they are stored.
        sample_scale: of ``uint8``: what the byte 1 stands for.
        encoding: how values travel.
        proximal: whether FedProx's pull is used.
        epochs: passes over the samples in a round at most.
        batch_size: least samples of a batch; decides how many shifts a round needs.
        shifts: whether batches are moved.
        seeded: whether the board computes its mask.
        values: kept elements that there is room for; None for the most that ``sparsity`` may leave.
        sparsity: share of prunable weights that masks drop.
    """

    samples: int
    sample_format: SampleFormat = "uint8"
    sample_scale: float = 1.0
    encoding: Encoding = "float32"
    proximal: bool = False
    epochs: int = 1
    batch_size: int = 16
    shifts: bool = True
    seeded: bool = True
    values: int | None = None
    sparsity: float = 0.98


@dataclass(frozen=True)
class LearnerPlan:
    """Planned memory.

    Attributes:
        purpose: what it was planned for.
        offsets: of each region in bytes, by the names of ``fp_learner_plan``.
        sizes: of each region in bytes; ``kept`` and ``scratch`` overlap others.
        activations: where outputs and gradients lie.
        value_capacity: kept elements that there is room for.
        live_flags: channels of the sample and all outputs.
        bytes: of the first piece.
        second_bytes: of the second, 0 where there is none.
    """

    purpose: Purpose
    offsets: dict[str, int]
    sizes: dict[str, int]
    activations: Activations
    value_capacity: int
    live_flags: int
    bytes: int
    second_bytes: int

    @property
    def total_bytes(self) -> int:
        """Of both pieces."""
        return self.bytes + self.second_bytes

    @property
    def order_capacity(self) -> int:
        """Sample positions of a round."""
        return self.purpose.epochs * self.purpose.samples

    @property
    def shift_capacity(self) -> int:
        """Batches of a round that may be moved."""
        return self.sizes["shifts"] // 2


def wire_bytes(encoding: Encoding, count: int) -> int:
    """Payload bytes of ``count`` values (docs/wire.md)."""
    return {"float32": 4 * count, "float16": 2 * count, "int8": count + 4 * -(-count // BLOCK)}[encoding]


def sample_bytes(description: LearnerDescription, purpose: Purpose) -> int:
    """Of one stored sample."""
    return prod(description.input_shape) * (1 if purpose.sample_format == "uint8" else _FLOAT)


def plan_learner(
    description: LearnerDescription, purpose: Purpose, mask: BakedMask | None = None, room: Room | None = None
) -> LearnerPlan:
    """Plan a learner's memory.

    Args:
        description: the network.
        purpose: what it must have room for.
        mask: baked into the firmware, so that it takes no RAM.
        room: memory that there is; None for one piece of any size. What does not fit is planned nevertheless, as
            close to it as can be.

    Raises:
        UserError: the network or the purpose is beyond what the runtime can do.
    """
    check_description(description)
    _check_purpose(purpose)
    capacity = mask.values if mask is not None else _capacity(description, purpose)
    activations = place_activations(description)
    flags = sum(description.shape_of(source)[2] for source in range(-1, len(description.layers)))
    sizes = _sizes(description, purpose, capacity, activations, baked=mask is not None) | {"live": _up(flags, _WORD)}
    sizes |= {"kept": 0, "scratch": 0}
    if purpose.seeded and mask is None:
        check_seedable(description)
        sizes["kept"] = _WORD * -(-description.prunable_size // 32)
        sizes["scratch"] = _scratch(description, activations)
    pieces = place(sizes, room)
    sizes["scratch"] = pieces.scratch
    return LearnerPlan(purpose, dict(pieces.offsets), sizes, activations, capacity, flags, pieces.first, pieces.second)


def _sizes(
    description: LearnerDescription, purpose: Purpose, capacity: int, activations: Activations, *, baked: bool
) -> dict[str, int]:
    rounded = purpose.encoding != "float32"
    batches = purpose.epochs * -(-purpose.samples // purpose.batch_size) if purpose.shifts else 0
    return {
        "starts": _WORD * len(description.tensors),
        "counts": 0 if baked else _SHORT * sum(tensor.rows for tensor in description.tensors),
        "columns": 0 if baked else _SHORT * capacity,
        "values": _FLOAT * capacity,
        "velocity": _FLOAT * capacity,
        "residual": _FLOAT * capacity if rounded else 0,
        "received": wire_bytes(purpose.encoding, capacity) if rounded or purpose.proximal else 0,
        "activations": _FLOAT * activations.floats,
        "slopes": _SHORT * (2 * activations.slopes + _conv_channels(description) + 1),
        "order": _SHORT * purpose.epochs * purpose.samples,
        "shifts": 2 * batches,
        "labels": purpose.samples,
        "samples": purpose.samples * sample_bytes(description, purpose),
    }


def _conv_channels(description: LearnerDescription) -> int:
    return max((layer.out_shape[2] for layer in description.layers if layer.kind in ("conv", "depthwise")), default=0)


def _capacity(description: LearnerDescription, purpose: Purpose) -> int:
    """The most elements that a mask of this sparsity keeps: its weights, and everything that is not pruned."""
    if purpose.values is not None:
        return purpose.values
    whole = sum(tensor.size for tensor in description.tensors if not tensor.prunable)
    return round(description.prunable_size * (1 - purpose.sparsity)) + whole


def _scratch(description: LearnerDescription, activations: Activations) -> int:
    """Bytes that fp_synflow.c needs beside the bits of kept weights; ``lay_out`` of fp_learner_seed.c checks it."""
    sizes = [prod(description.shape_of(source)) for source in range(-1, len(description.layers))]
    flows = 2 * _WORD * activations.output_floats + 2 * _WORD * (len(description.layers) + 1)
    return _up(_LONG * max(sizes) + flows + _WORD * BINS + 2 * _WORD * LEAST_CANDIDATES, _WORD)


def _check_purpose(purpose: Purpose) -> None:
    if not 1 <= purpose.samples <= MOST_SAMPLES:
        raise UserError(f"a learner holds 1 to {MOST_SAMPLES} samples, not {purpose.samples}")
    if purpose.epochs < 1 or purpose.batch_size < 1:
        raise UserError("epochs and batch size are at least 1")


def _up(value: int, to: int) -> int:
    return -(-value // to) * to
