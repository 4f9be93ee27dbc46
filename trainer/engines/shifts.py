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


def move_images(x: Any, shift: Any) -> Any:  # noqa: ANN401 - TensorFlow tensors
    """Move a batch; zeros come in from the edge.

    Args:
        x: float32 (samples, height, width, channels).
        shift: int32 (2,), rows down and columns right.
    """
    import tensorflow as tf

    before, behind = tf.maximum(shift, 0), tf.maximum(-shift, 0)
    padded = tf.pad(x, [[0, 0], [before[0], behind[0]], [before[1], behind[1]], [0, 0]])
    start = tf.concat([[0], behind, [0]], 0)
    return tf.ensure_shape(tf.slice(padded, start, tf.shape(x)), x.shape)
