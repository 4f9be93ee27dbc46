"""Evaluates the server's state: the global model, and what each client gets of it."""

import numpy as np

from trainer.algorithms import ServerState
from trainer.datasets import Dataset
from trainer.evaluate import Evaluation, Evaluator, compile_evaluator
from trainer.history import ClientAccuracy
from trainer.masks import apply_masks
from trainer.models.network import Network
from trainer.partitions.partition import Indices
from trainer.tensors import Masks

PERSONAL_SAMPLES = 1000
"""Test samples that the mean of personalized models is measured on after each round; the end is measured on all."""


class Judge:
    """Evaluates states of one run.

    Args:
        network: the model.
        dataset: whose test set decides.
        local_tests: for each client, positions of test samples distributed like its own training samples.
    """

    def __init__(self, network: Network, dataset: Dataset, local_tests: tuple[Indices, ...]) -> None:
        self._specs = network.specs
        self._local_tests = local_tests
        self._all = compile_evaluator(network, dataset.test_x, dataset.test_y)
        few = np.linspace(0, len(dataset.test_y), min(PERSONAL_SAMPLES, len(dataset.test_y)), endpoint=False).astype(
            int
        )
        self._few = compile_evaluator(network, dataset.test_x[few], dataset.test_y[few])

    def overall(self, state: ServerState) -> Evaluation:
        """The global model on the test set; personalized models together on a part of it."""
        if _shared(state):
            return self._all(state.weights)
        found = self._by_mask(state, self._few)
        rows = [found[id(masks)] for masks in state.masks]
        return Evaluation(np.concatenate([row.correct for row in rows]), np.concatenate([row.losses for row in rows]))

    def clients(self, state: ServerState) -> tuple[ClientAccuracy, ...]:
        """What each client gets of the global model, under its own mask."""
        found = self._by_mask(state, self._all)
        return tuple(
            ClientAccuracy(float(np.mean(found[id(masks)].correct[local])), found[id(masks)].accuracy)
            for masks, local in zip(state.masks, self._local_tests, strict=True)
        )

    def _by_mask(self, state: ServerState, evaluate: Evaluator) -> dict[int, Evaluation]:
        distinct: dict[int, Masks] = {id(masks): masks for masks in state.masks}
        return {key: evaluate(apply_masks(self._specs, state.weights, masks)) for key, masks in distinct.items()}


def _shared(state: ServerState) -> bool:
    return all(masks is state.masks[0] for masks in state.masks)
