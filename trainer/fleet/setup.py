"""What a board must have before its first round, written as it wants it: mask and shard."""

import zlib
from dataclasses import dataclass, field

import numpy as np

from firmware_gen.learner.masks import encode_mask
from host_bridge.errors import UserError
from host_bridge.learner import LearnerState
from trainer.masks import fingerprint
from trainer.tensors import Float32, Int32, Masks, TensorSpec

LARGEST_BYTE = 255
_TOLERANCE = 1e-6


@dataclass(frozen=True)
class MaskRecipe:
    """How a board computes a mask itself.

    Attributes:
        seed: of the initial weights.
        keep: weights that are kept after each iteration of SynFlow.
    """

    seed: int
    keep: tuple[int, ...]


@dataclass(frozen=True)
class MaskSetup:
    """A mask, and every way to bring it to a board.

    Attributes:
        fingerprint: of the mask.
        gaps: the mask itself, as boards read it.
        recipe: how a board computes it; None where only the host can.
    """

    fingerprint: int
    gaps: bytes = field(repr=False)
    recipe: MaskRecipe | None


@dataclass(frozen=True)
class Shard:
    """A client's training samples, as its board stores them.

    Attributes:
        labels: a byte each.
        samples: in the board's format.
    """

    labels: bytes = field(repr=False)
    samples: bytes = field(repr=False)

    @property
    def crc32(self) -> int:
        """CRC-32 of labels and samples as they travel."""
        return zlib.crc32(self.samples, zlib.crc32(self.labels))


@dataclass(frozen=True)
class Samples:
    """A client's training samples.

    Attributes:
        x: float32 (samples, height, width, channels).
        y: int32 (samples,), classes.
    """

    x: Float32 = field(repr=False)
    y: Int32 = field(repr=False)

    def shard(self, state: LearnerState) -> Shard:
        """Write them as a board says that it stores them.

        Raises:
            UserError: there are more than it has room for, they are of another size, or it would store other numbers.
        """
        if len(self.y) > state.sample_capacity:
            raise UserError(
                f"the client has {len(self.y)} samples and the board room for {state.sample_capacity}; build its "
                "learner for more, or spread the samples over more clients"
            )
        samples = _as_bytes(self.x, state.sample_scale) if state.stores_bytes else _as_floats(self.x)
        if len(samples) != len(self.y) * state.sample_bytes:
            raise UserError(f"the board stores {state.sample_bytes} bytes a sample; build the learner of this run")
        return Shard(self.y.astype(np.uint8).tobytes(), samples)


def mask_setup(specs: tuple[TensorSpec, ...], masks: Masks, recipe: MaskRecipe | None) -> MaskSetup:
    """Write a mask for boards."""
    return MaskSetup(fingerprint(masks), encode_mask(masks, [spec.size for spec in specs]), recipe)


def byte_scale(x: Float32) -> float | None:
    """The step of which all values are multiples from 0 to 255 times, so that a byte can stand for each; or None.

    Args:
        x: float32, any shape; grey values of images, usually.
    """
    values = np.unique(x)
    if len(values) < 2 or len(values) > LARGEST_BYTE + 1 or values[0] < 0:
        return None
    scale = float(np.float32(np.diff(values).min()))
    scale = float(np.float32(values[-1] / np.rint(values[-1] / scale)))
    return scale if _fits(values, scale) else None


def _fits(values: Float32, scale: float) -> bool:
    steps = np.rint(values / np.float32(scale))
    whole = np.allclose(steps * np.float32(scale), values, rtol=0, atol=_TOLERANCE * float(np.abs(values).max()))
    return bool(whole and steps.min() >= 0 and steps.max() <= LARGEST_BYTE)


def _as_bytes(x: Float32, scale: float) -> bytes:
    if not _fits(np.unique(x), scale):
        raise UserError(
            f"samples are not 0 to 255 times {scale:g}, as the board stores them; build the learner of this run"
        )
    steps: bytes = np.rint(x / np.float32(scale)).astype(np.uint8).tobytes()
    return steps


def _as_floats(x: Float32) -> bytes:
    return x.astype("<f4").tobytes()
