"""How the learning rate falls from round to round."""

from math import cos, pi


def cosine_decay(peak: float, floor: float, round_number: int, rounds: int) -> float:
    """Learning rate of a round: half a cosine from ``peak`` in round 1 towards ``floor * peak``.

    I. Loshchilov, F. Hutter: "SGDR: Stochastic Gradient Descent with Warm Restarts", ICLR 2017, arXiv 1608.03983,
    without restarts.

    Args:
        peak: learning rate of the first round.
        floor: share of the peak that is approached, 0 to 1; 1 keeps the rate constant.
        round_number: from 1.
        rounds: rounds of the whole run.
    """
    progress = (round_number - 1) / rounds
    return peak * (floor + (1 - floor) * (1 + cos(pi * progress)) / 2)
