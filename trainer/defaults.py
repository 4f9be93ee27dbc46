"""Defaults of local training, found on several seeds of digits with 10 clients at Dirichlet 0.5 and 98 % sparsity."""

from typing import Final

ROUNDS: Final = 30
LOCAL_EPOCHS: Final = 4
BATCH_SIZE: Final = 16
LEARNING_RATE: Final = 0.02
"""Of the first round; :func:`trainer.schedules.cosine_decay` lowers it."""
LEARNING_RATE_FLOOR: Final = 0.1
"""Share of the first round's rate that the last rounds approach."""
MOMENTUM: Final = 0.9
WEIGHT_DECAY: Final = 0.003
SHIFT: Final = 1
"""Pixels that the images of a batch are moved by at most; clients overfit their few samples less."""
