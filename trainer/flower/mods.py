"""Flower's mods around a client's training, where they work on kept values alone (:mod:`trainer.privacy`)."""

from typing import Any

from trainer.config import RunConfig


def local_mods(config: RunConfig) -> tuple[Any, ...]:
    """The mods that the run's options ask for, the outermost first.

    ``local-dp``: the update is clipped to ``dp_clip`` (L2 norm over all kept values) and blurred by Gaussian noise; the
    update is all that clipping bounds, so the norm is its sensitivity. C. Dwork, A. Roth: "The Algorithmic Foundations
    of Differential Privacy", 2014, appendix A.
    """
    if config.privacy != "local-dp":
        return ()
    from flwr.clientapp.mod import LocalDpMod

    return (LocalDpMod(config.dp_clip, config.dp_clip, config.dp_epsilon, config.dp_delta),)
