"""Rounds of FedJAX's federated averaging, its default backend for clients."""

import sys
from importlib.metadata import version

import haiku as hk
import jax
import numpy as np
from served import serve
from work_file import Work, read_work

jax.tree_map = jax.tree_util.tree_map  # FedJAX 0.0.17 calls it by the name that JAX has dropped.

import fedjax  # noqa: E402

LAYERS = ("conv1", "conv2", "dense", "logits")


def forward(batch: dict[str, jax.Array]) -> jax.Array:
    """Logits of a batch."""
    x = jax.nn.relu(hk.Conv2D(16, 3, padding="SAME", name="conv1")(batch["x"]))
    x = jax.nn.relu(hk.Conv2D(32, 3, padding="SAME", name="conv2")(x))
    x = hk.Flatten()(hk.max_pool(x, 2, 2, "VALID"))
    return hk.Linear(10, name="logits")(jax.nn.relu(hk.Linear(64, name="dense")(x)))


def loss(batch: dict[str, jax.Array], logits: jax.Array) -> jax.Array:
    """Cross-entropy of each sample."""
    return -jax.numpy.take_along_axis(jax.nn.log_softmax(logits), batch["y"][:, None], axis=1)[:, 0]


class Rounds:
    """The state of the server and what it runs on."""

    def __init__(self, work: Work) -> None:
        sample = {"x": work.train_x[:1], "y": work.train_y[:1]}
        self._model = fedjax.create_model_from_haiku(hk.transform(forward), sample, loss, {})
        self._algorithm = fedjax.algorithms.fed_avg.federated_averaging(
            fedjax.model_grad(self._model),
            fedjax.optimizers.sgd(work.learning_rate),
            fedjax.optimizers.sgd(1.0),
            fedjax.ShuffleRepeatBatchHParams(batch_size=work.batch_size, num_epochs=1),
        )
        pairs = zip(work.weights[0::2], work.weights[1::2], strict=True)
        parameters = dict(zip(LAYERS, ({"w": kernel, "b": bias} for kernel, bias in pairs), strict=True))
        self._state = self._algorithm.init(jax.tree_util.tree_map(jax.numpy.asarray, parameters))
        self._clients = [fedjax.ClientDataset({"x": work.train_x[p], "y": work.train_y[p]}) for p in work.parts]
        self._work, self._key = work, jax.random.PRNGKey(0)

    def run(self) -> None:
        """One round."""
        self._key, *keys = jax.random.split(self._key, len(self._clients) + 1)
        clients = [(number, data, key) for number, (data, key) in enumerate(zip(self._clients, keys, strict=True))]
        self._state, _ = self._algorithm.apply(self._state, clients)
        jax.block_until_ready(self._state.params)

    def accuracy(self) -> float:
        """Share of the test set that is right."""
        logits = self._model.apply_for_eval(self._state.params, {"x": self._work.test_x, "y": self._work.test_y})
        return float(np.mean(np.argmax(logits, axis=1) == self._work.test_y))


if __name__ == "__main__":
    rounds = Rounds(read_work(sys.argv[1]))
    serve({name: version(name) for name in ("fedjax", "jax")}, rounds.run, rounds.accuracy)
