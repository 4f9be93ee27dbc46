"""Evaluates the server's state: the global model, and what each client gets of it."""

from functools import cached_property

import numpy as np

from trainer.algorithms import ServerState
from trainer.datasets import Dataset
from trainer.evaluate import Evaluation, Evaluator, compile_evaluator
from trainer.history import ClientAccuracy
from trainer.masks import apply_masks
from trainer.models.network import Network
from trainer.models.statistics import Measure, are_private, compile_statistics
from trainer.partitions import Partition
from trainer.tensors import Weights

PERSONAL_SAMPLES = 500
"""Test samples that the mean of personalized models is measured on after each round; the end is measured on all."""


class Judge:
    """Evaluates states of one run.

    Args:
        network: the model.
        dataset: whose test set decides.
        partition: which training samples each client holds; private statistics are measured on them.
        local_tests: for each client, positions of test samples distributed like its own training samples.
    """

    def __init__(self, network: Network, dataset: Dataset, partition: Partition, local_tests: Partition) -> None:
        self._network = network
        self._dataset = dataset
        self._partition = partition
        self._local_tests = local_tests
        self._all = compile_evaluator(network, dataset.test_x, dataset.test_y)
        samples = len(dataset.test_y)
        few = np.linspace(0, samples, min(PERSONAL_SAMPLES, samples), endpoint=False).astype(np.int64)
        self._few = compile_evaluator(network, dataset.test_x[few], dataset.test_y[few])

    def overall(self, state: ServerState) -> Evaluation:
        """The global model on the test set; personalized models together on a part of it."""
        if state.shared:
            return self._all(state.weights)
        rows = self._by_client(state, self._few)
        return Evaluation(np.concatenate([row.correct for row in rows]), np.concatenate([row.losses for row in rows]))

    def clients(self, state: ServerState) -> tuple[ClientAccuracy, ...]:
        """What each client gets of the global model, under its own mask."""
        return tuple(
            ClientAccuracy(float(np.mean(row.correct[local])), row.accuracy)
            for row, local in zip(self._by_client(state, self._all), self._local_tests, strict=True)
        )

    def model_of(self, state: ServerState, client: int) -> Weights:
        """The weights that a client would use: under its mask, private statistics measured on its own samples."""
        masks = state.masks[client]
        weights = apply_masks(state.specs, state.weights, masks)
        if not are_private(state.specs, masks):
            return weights
        return self._measure(weights, self._dataset.train_x[self._partition[client]])

    @cached_property
    def _measure(self) -> Measure:
        return compile_statistics(self._network)

    def _by_client(self, state: ServerState, evaluate: Evaluator) -> list[Evaluation]:
        if state.shared and not are_private(state.specs, state.masks[0]):
            return [evaluate(self.model_of(state, 0))] * len(state.masks)
        return [evaluate(self.model_of(state, client)) for client in range(len(state.masks))]
