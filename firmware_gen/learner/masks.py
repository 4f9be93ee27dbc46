"""Masks as the runtime has them: counts of rows and columns of kept elements."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from firmware_gen.encodings.leb128 import leb128
from firmware_gen.learner.description import LearnerDescription
from host_bridge.errors import UserError

UInt16 = npt.NDArray[np.uint16]


@dataclass(frozen=True)
class BakedMask:
    """A mask for the firmware's flash.

    Attributes:
        counts: kept elements of each row of each tensor.
        columns: their columns, row by row.
        fingerprint: of the masks, as the trainer computes it.
    """

    counts: UInt16 = field(repr=False)
    columns: UInt16 = field(repr=False)
    fingerprint: int

    @property
    def values(self) -> int:
        """Kept elements in all."""
        return len(self.columns)

    @classmethod
    def of(
        cls, description: LearnerDescription, masks: Sequence[npt.NDArray[np.bool_] | None], fingerprint: int
    ) -> "BakedMask":
        """From one boolean array a tensor, or None where all is kept.

        Raises:
            UserError: a mask is not of its tensor's shape.
        """
        counts, columns = [], []
        for tensor, mask in zip(description.tensors, masks, strict=True):
            if mask is not None and mask.shape != tensor.shape:
                raise UserError(f"the mask of {tensor.name} is of shape {mask.shape} instead of {tensor.shape}")
            kept = np.ones(tensor.size, np.bool_) if mask is None else mask
            rows = kept.reshape(tensor.rows, tensor.columns)
            counts.append(np.count_nonzero(rows, axis=1))
            columns.append(np.nonzero(rows)[1])
        return cls(np.concatenate(counts).astype(np.uint16), np.concatenate(columns).astype(np.uint16), fingerprint)


def encode_mask(masks: Sequence[npt.NDArray[np.bool_] | None], sizes: Sequence[int]) -> bytes:
    """A mask for the line: LEB128 of the gaps between kept elements over all tensors (``fp_learner_mask_put``)."""
    flat = [np.ones(size, np.bool_) if mask is None else mask.ravel() for mask, size in zip(masks, sizes, strict=True)]
    kept = np.flatnonzero(np.concatenate(flat))
    gaps = np.diff(kept, prepend=-1) - 1
    return b"".join(leb128(int(gap)) for gap in gaps)
