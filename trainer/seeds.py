"""Random generators, each derived from the run's seed and from what it is for."""

from enum import IntEnum

import numpy as np


class Purpose(IntEnum):
    """What a generator is for; the numbers are part of what a seed means, so they never change."""

    PARTITION = 1
    SHUFFLE = 2
    SCORES = 3
    COHORT = 4
    ABSENCE = 5
    SALIENCY = 6
    LOCAL_TEST = 7
    LATENESS = 8


def generator(seed: int, purpose: Purpose, *path: int) -> np.random.Generator:
    """A generator of its own for (run seed, purpose, path), such as (seed, SHUFFLE, round, client)."""
    return np.random.default_rng(np.random.SeedSequence((seed, int(purpose), *path)))
