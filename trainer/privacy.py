"""Which of Flower's protections go with updates of kept values alone."""

from typing import TYPE_CHECKING

from host_bridge.errors import UserError

if TYPE_CHECKING:
    from trainer.config import RunConfig

SECAGG_LARGEST = 8.0
"""Values beyond this are refused by a client: Flower's mod would clip them without a word."""
SECAGG_FEWEST, SECAGG_MOST = 3, 1000
"""Clients of a round: sums of 2**22 steps each have to stay below 2**32."""


def check_privacy(config: "RunConfig") -> None:
    """Refuse what does not go together.

    Raises:
        UserError: names the options and what stands between them.
    """
    asked = f"privacy = {config.privacy!r}"
    if config.privacy == "none":
        return
    if config.engine != "flower":
        raise UserError(f"{asked} is done by Flower's mods; add --engine flower")
    if config.encoding != "float32":
        raise UserError(f"{asked} works on float32 values, not {config.encoding}; use --encoding float32")
    if config.privacy == "secagg":
        _check_secagg(config, asked)


def _check_secagg(config: "RunConfig", asked: str) -> None:
    """SecAgg+ gives the sum of equally long vectors, weighted by samples, and nothing else."""
    from trainer.algorithms import ALGORITHMS

    sums = f"{asked} gives the server a sum and no client's update"
    if config.masks != "shared":
        raise UserError(f"{asked} adds up values of one mask; use --masks shared")
    if not ALGORITHMS.get(config.method).fixed_masks:
        raise UserError(f"{asked} hides updates, and method {config.method!r} asks for gradients too; use fedpai-u")
    if config.aggregator != "mean":
        raise UserError(f"{sums}, so there is no {config.aggregator} of them; use --aggregator mean")
    if config.clip_norm is not None:
        raise UserError(f"{sums}, so none can be shortened; leave --clip-norm away")
    if config.late_rate:
        raise UserError(f"{sums}, so none can be left out for being late; leave --late-rate away")
    cohort = min(config.cohort or config.clients, config.clients)
    if not SECAGG_FEWEST <= cohort <= SECAGG_MOST:
        raise UserError(
            f"{asked} takes {SECAGG_FEWEST} to {SECAGG_MOST} clients a round, not {cohort}: of fewer, a sum tells too "
            "much, and of more, it overflows; use another --cohort"
        )
