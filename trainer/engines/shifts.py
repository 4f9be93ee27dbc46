"""Training images moved by a few pixels, so that a client with few samples does not learn positions by heart.

P. Y. Simard, D. Steinkraus, J. C. Platt: "Best Practices for Convolutional Neural Networks Applied to Visual Document
Analysis", ICDAR 2003. One shift for a whole batch is enough, and costs a slice instead of a gather.
"""

from typing import Any

import numpy as np

from trainer.tensors import Int32

MOVED_SHARE = 0.5
"""Share of the batches whose images are moved."""


def draw_shifts(steps: int, shift: int, random: np.random.Generator) -> Int32:
    """Draw how far each batch is moved: about half of them, uniformly within ``shift`` pixels.

    Returns:
        int32 (steps, 2): rows down and columns right, -shift to shift.
    """
    moved = random.random((steps, 1)) < MOVED_SHARE
    return (random.integers(-shift, shift + 1, (steps, 2)) * moved).astype(np.int32)


def move_images(x: Any, shift: Any) -> Any:  # noqa: ANN401 - tensors of the backend
    """Move a batch; zeros come in from the edge.

    Args:
        x: float32 (samples, height, width, channels).
        shift: int32 (2,), rows down and columns right.
    """
    from keras import ops

    for axis in (1, 2):
        size = x.shape[axis]
        source = ops.arange(size) - shift[axis - 1]
        inside = ops.cast((source >= 0) & (source < size), x.dtype)
        moved = ops.take(x, ops.clip(source, 0, size - 1), axis=axis)
        x = moved * ops.reshape(inside, [-1 if other == axis else 1 for other in range(4)])
    return x
