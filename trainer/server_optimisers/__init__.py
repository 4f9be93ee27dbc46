"""What the server makes of the clients' mean, by name."""

from trainer.registry import Registry
from trainer.server_optimisers.adam import adam
from trainer.server_optimisers.momentum import momentum
from trainer.server_optimisers.optimiser import OptimiserMemory, ServerOptimiser
from trainer.server_optimisers.replace import replace_weights

SERVER_OPTIMISERS: Registry[ServerOptimiser] = Registry(
    "server optimiser", {"none": replace_weights, "momentum": momentum, "adam": adam}
)

__all__ = ["SERVER_OPTIMISERS", "OptimiserMemory", "ServerOptimiser"]
