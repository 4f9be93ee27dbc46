"""How local training is computed: which graph, compiled by what, on how many threads.

Measured on 2 cores (``benchmarks/federated_round.py``): small networks spend most of a round between operations, of
which XLA, with convolutions as matrix products, leaves fewer; large ones spend it within convolutions, where oneDNN's
are faster than anything XLA has for a CPU. Either way a client has one core (:mod:`trainer.backends.tensorflow`).
"""

import os
from dataclasses import dataclass, field
from math import prod

from host_bridge.errors import UserError
from trainer.backends import backend
from trainer.channels import macs, total_macs
from trainer.models.fast_layers import fast_network
from trainer.models.network import Network
from trainer.tensors import Role

EXECUTIONS = ("auto", "graph", "xla")
MOST_MACS = 1_500_000
"""Multiply-accumulates of one sample up to which ``auto`` takes XLA."""
MOST_TAPS = 9
"""Pixels of a kernel up to which ``auto`` takes XLA: each is compiled by itself, and 25 cost more than they save."""


@dataclass(frozen=True)
class Execution:
    """A decision.

    Attributes:
        network: of the same weights as the one asked about.
        xla: whether XLA compiles it.
        threads: clients that are trained at the same time.
    """

    network: Network = field(repr=False)
    xla: bool
    threads: int


def choose_execution(network: Network, execution: str = "auto", threads: int | None = None) -> Execution:
    """Decide how to train a network.

    Args:
        network: what is trained.
        execution: ``"xla"``: convolutions as matrix products, compiled by XLA; ``"graph"``: the framework's own
            operations; ``"auto"``: XLA for networks of up to
            :data:`MOST_MACS` and kernels of up to :data:`MOST_TAPS` whose every convolution can be a matrix product.
        threads: clients at the same time; None for one on each core, or for one alone on an accelerator.

    Raises:
        UserError: there is no such execution, or XLA is asked for and a convolution has no fast counterpart.
    """
    if execution not in EXECUTIONS:
        raise UserError(f"unknown execution {execution!r}; choose from: {', '.join(EXECUTIONS)}")
    if _on_accelerator():
        return Execution(network, xla=backend().name == "jax", threads=threads or 1)
    fast = None if execution == "graph" or (execution == "auto" and not _is_small(network)) else fast_network(network)
    if fast is None and execution == "xla":
        raise UserError("a convolution of the model has no fast counterpart for XLA; use execution 'graph'")
    threads = threads or os.cpu_count() or 1
    return (
        Execution(network, xla=False, threads=threads) if fast is None else Execution(fast, xla=True, threads=threads)
    )


def _is_small(network: Network) -> bool:
    taps = [prod(spec.shape[:2]) for spec in network.specs if spec.role is Role.KERNEL and len(spec.shape) == 4]
    if max(taps, default=1) > MOST_TAPS:
        return False
    try:
        return backend().name == "jax" or total_macs(macs(network)) <= MOST_MACS
    except UserError:
        return False


def _on_accelerator() -> bool:
    """Whether tensors live on a GPU or TPU, where convolutions are fast and one client at a time fills it."""
    if backend().name == "jax":
        import jax

        return bool(jax.default_backend() != "cpu")
    import tensorflow as tf

    return bool(tf.config.list_physical_devices("GPU"))
