"""A client's whole local training as one compiled graph."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from trainer.backends import Tensor, backend
from trainer.engines.shifts import move_images
from trainer.losses import cross_entropy
from trainer.models.network import Network
from trainer.tensors import Float32, Role, Weights

LocalEpochs = Callable[..., tuple[Tensor, Tensor]]
RATES = ("learning_rate", "momentum", "weight_decay", "proximal")
"""What SGD is told by numbers, in this order."""


def flatten(weights: Sequence[Float32]) -> Float32:
    """Float32 (elements,): every tensor in row-major order, one behind the other."""
    return np.concatenate([weight.ravel() for weight in weights])


def unflatten(network: Network, flat: Float32) -> Weights:
    """The tensors that :func:`flatten` took apart."""
    return tuple(
        flat[begin:end].reshape(spec.shape) for spec, (begin, end) in zip(network.specs, _extents(network), strict=True)
    )


def _extents(network: Network) -> list[tuple[int, int]]:
    ends = np.cumsum([0, *(spec.size for spec in network.specs)]).tolist()
    return list(pairwise(ends))


def compile_local_epochs(network: Network, *, xla: bool = False) -> LocalEpochs:
    """Compile SGD with momentum, weight decay and FedProx's proximal term over a client's batches.

    T. Li et al.: "Federated Optimization in Heterogeneous Networks", MLSys 2020, arXiv 1812.06127 (proximal term).
    The graph is compiled once for all clients if they all give arrays of the same shapes: ``x`` and ``y`` may hold
    everybody's samples, and only the first ``steps`` batches are used. Gradients are multiplied by the masks, so a
    dropped weight, which gets no velocity, stays exactly at its start; so do the running statistics of a dead channel.
    All weights travel as one tensor: handing over each by itself takes time that small clients feel.

    Args:
        network: what is trained.
        xla: see :meth:`trainer.backends.Backend.compile`.

    Returns:
        A function of weights (:func:`flatten`), masks (float32, 1 or 0, like the weights) and, by keyword, x
        (samples, …), y (samples,), steps (int32 scalar, at most the rows of batches), batches (int32 (rows, batch),
        positions in x; :func:`trainer.engines.batches.mark_filling` tells which only fill a batch up), shifts (int32
        (rows, 2), pixels down and right; optional) and rates (float32 (4,), as :data:`RATES` names them). It gives
        the trained weights, flat again, and the mean loss over all samples seen.
    """
    from keras import ops

    count = network.trained
    decays = [spec.role is not Role.SCALE for spec in network.specs[:count]]

    def loss_and_statistics(trained: list[Tensor], rest: list[Tensor], x: Tensor, y: Tensor, share: Tensor) -> Any:  # noqa: ANN401
        logits, statistics = network.forward([*trained, *rest], x)
        return ops.sum(cross_entropy(logits, y) * share), statistics

    def split(flat: Tensor) -> list[Tensor]:
        rows = zip(network.specs, _extents(network), strict=True)
        return [ops.reshape(flat[begin:end], spec.shape) for spec, (begin, end) in rows]

    def local_epochs(flat: Tensor, multipliers: Tensor, **given: Tensor) -> tuple[Tensor, Tensor]:
        weights, masks = split(flat), split(multipliers)
        rates = {name: given["rates"][number] for number, name in enumerate(RATES)}
        start, batches = weights[:count], given["batches"]
        positions, held = ops.where(batches < 0, -1 - batches, batches), ops.cast(batches >= 0, "float32")

        def step(number: Tensor, state: list[Any]) -> list[Any]:
            now, rest, velocity, total = state
            rows, present = positions[number], held[number]
            x, y, samples = ops.take(given["x"], rows, axis=0), ops.take(given["y"], rows, axis=0), ops.sum(present)
            if "shifts" in given:
                x = move_images(x, given["shifts"][number])
            (loss, statistics), gradients = backend().value_and_gradients(
                lambda trained: loss_and_statistics(trained, rest, x, y, present / samples), now
            )
            directions = [
                g + (rates["weight_decay"] * w if decay else 0.0) + rates["proximal"] * (w - w0)
                for g, w, w0, decay in zip(gradients, now, start, decays, strict=True)
            ]
            velocity = [
                rates["momentum"] * v + d * m for v, d, m in zip(velocity, directions, masks[:count], strict=True)
            ]
            now = [w - rates["learning_rate"] * v for w, v in zip(now, velocity, strict=True)]
            kept = [m * new + (1 - m) * old for m, new, old in zip(masks[count:], statistics, rest, strict=True)]
            return [now, kept, velocity, total + loss * samples]

        state = [start, weights[count:], [ops.zeros_like(weight) for weight in start], ops.zeros(())]
        trained, rest, _, total = backend().repeat(given["steps"], step, state)
        return ops.concatenate([ops.reshape(one, (-1,)) for one in [*trained, *rest]]), total / ops.sum(held)

    compiled: LocalEpochs = backend().compile(local_epochs, xla=xla)
    return compiled
