"""FedPaI-U: prune at initialisation, then federate the survivors under masks that never change.

H. Wang et al.: "FedPaI: Achieving Extreme Sparsity in Federated Learning via Pruning at Initialization", 2025,
arXiv 2504.00308. Whose saliency decides is a choice: the server's or one client's (the same mask for all), the mean
over all clients (the same mask for all), or each client's own.
"""

from collections.abc import Sequence
from dataclasses import replace

from host_bridge.errors import UserError
from trainer.algorithms.algorithm import Algorithm, Beginning, ServerState
from trainer.algorithms.rounds import run_round
from trainer.channels import complete_masks
from trainer.initialisers import rescale_survivors
from trainer.masks import apply_masks
from trainer.models.statistics import private_statistics
from trainer.pruners import PRUNERS, Pruner, prune
from trainer.pruners.pruner import Samples
from trainer.seeds import Purpose, generator
from trainer.tensors import Masks

_PRUNERS = ("synflow", *(name for name in PRUNERS.names if name != "synflow"))


def init(beginning: Beginning) -> ServerState:
    """Score the initial weights, keep the best and, as the pruner has it, make up for inputs that units have lost."""
    specs = beginning.network.specs
    masks = _MASKS[beginning.mask_source](beginning)
    state = ServerState(0, specs, beginning.weights, masks)
    if not state.shared:
        return state  # a unit has different inputs at each client: no one scale would fit them all
    rescales = _pruner(beginning).rescales if beginning.rescale is None else beginning.rescale
    start = rescale_survivors if rescales else apply_masks
    return replace(state, weights=start(specs, state.weights, masks[0]))


def shared_masks(beginning: Beginning) -> tuple[Masks, ...]:
    """One mask for all; a pruner that needs data gets a batch of the client that has the most."""
    batches = [beginning.samples_of(beginning.richest())] if _pruner(beginning).needs_data else []
    return (_mask(beginning, batches, beginning.clients),) * beginning.clients


def federated_masks(beginning: Beginning) -> tuple[Masks, ...]:
    """One mask for all, from the mean of the clients' scores."""
    _check_data_driven(beginning)
    batches = [beginning.samples_of(client) for client in range(beginning.clients)]
    return (_mask(beginning, batches, beginning.clients),) * beginning.clients


def personalized_masks(beginning: Beginning) -> tuple[Masks, ...]:
    """Each client's own mask: a part that all have in common, by their mean scores, and the rest by its own.

    Subnetworks that share few weights do not add up to a model: what one client learns fits weights that others lack.
    So clients agree on a core, and running statistics stay with each client (:mod:`trainer.models.statistics`);
    docs/results.md shows what either is worth.
    """
    _check_data_driven(beginning)
    clients, specs = range(beginning.clients), beginning.network.specs
    batches = [beginning.samples_of(client) for client in clients]
    core = _core(beginning, batches) if beginning.overlap else None
    masks = (_mask(beginning, [batches[client]], client, core) for client in clients)
    return tuple(private_statistics(specs, mask) for mask in masks)


def _core(beginning: Beginning, batches: Sequence[Samples]) -> Masks:
    density = (1 - beginning.sparsity) * beginning.overlap
    return _mask(replace(beginning, sparsity=1 - density), batches, beginning.clients)


_MASKS = {"shared": shared_masks, "federated": federated_masks, "personalized": personalized_masks}


def _pruner(beginning: Beginning) -> Pruner:
    return PRUNERS.get(beginning.pruner or _PRUNERS[0])


def _check_data_driven(beginning: Beginning) -> None:
    if not _pruner(beginning).needs_data:
        raise UserError(
            f"masks {beginning.mask_source!r} need a pruner that looks at data, or all clients get the same mask; "
            "use --pruner snip or grasp, or --masks shared"
        )


def _mask(beginning: Beginning, batches: Sequence[Samples], stream: int, protected: Masks | None = None) -> Masks:
    network, weights = beginning.network, beginning.weights
    random = generator(beginning.seed, Purpose.SCORES, stream)
    masks = prune(
        _pruner(beginning), network, weights, beginning.sparsity, random=random, samples=batches, protected=protected
    )
    return complete_masks(network, masks)


FEDPAI_U = Algorithm(init, run_round, prunes=True, pruners=_PRUNERS, mask_sources=("federated", "personalized"))
