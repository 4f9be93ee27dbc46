"""How long a federation would take on real devices, by a model whose assumptions are all stated."""

from trainer.timing.deployment import Deployment, assumptions
from trainer.timing.elapsed import client_seconds, elapsed_seconds, round_seconds, time_to_accuracy

__all__ = ["Deployment", "assumptions", "client_seconds", "elapsed_seconds", "round_seconds", "time_to_accuracy"]
