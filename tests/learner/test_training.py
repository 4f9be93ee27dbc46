"""A learner's training against Keras."""

from pathlib import Path

import numpy as np
import pytest
from learner_c import HostLearner
from learner_cases import NETWORKS, SCALE, network, purpose, samples, some_masks, start

from firmware_gen.learner import BakedMask, plan_learner
from trainer.backends import backend
from trainer.channels import compact, complete_masks
from trainer.engines.batches import draw_batches, mark_filling
from trainer.engines.gradients import compile_gradients
from trainer.engines.local_epochs import RATES, compile_local_epochs, flatten, unflatten
from trainer.engines.shifts import draw_shifts
from trainer.learner_export import describe
from trainer.masks import fingerprint
from trainer.models.network import Network
from trainer.tensors import Masks, Weights
from trainer.values import pack_values, unpack_values

COUNT = 13
DENSITIES = (0.4, 1.0)


def learner_of(net: Network, masks: Masks, folder: Path, **given: object) -> HostLearner:
    description = describe(net, "case")
    mask = BakedMask.of(description, masks, fingerprint(masks))
    plan = plan_learner(description, purpose(COUNT, **given), mask)
    return HostLearner.build(description, plan, folder, mask)


def keras_training(net: Network, masks: Masks, weights: Weights, given: dict[str, object]) -> tuple[Weights, float]:
    from keras import ops

    multipliers = [
        np.ones(spec.shape, np.float32) if mask is None else mask.astype(np.float32)
        for spec, mask in zip(net.specs, masks, strict=True)
    ]
    backend()
    flat, loss = compile_local_epochs(net)(flatten(weights), flatten(multipliers), **given)
    return unflatten(net, ops.convert_to_numpy(flat)), float(loss)


def close_per_tensor(found: Weights, expected: Weights, tolerance: float, names: list[str]) -> None:
    for name, one, other in zip(names, found, expected, strict=True):
        distance = float(np.linalg.norm(one.astype(np.float64) - other))
        assert distance <= tolerance * max(float(np.linalg.norm(other)), 1e-6), f"{name}: {distance}"


@pytest.mark.parametrize("density", DENSITIES)
@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_gradients_are_those_of_keras(tmp_path: Path, name: str, density: float) -> None:
    net = network(name)
    masks = some_masks(net, density)
    weights = start(net, masks)
    x, y = samples(COUNT)
    learner = learner_of(net, masks, tmp_path)
    learner.give(x, y)
    learner.push(pack_values(weights, masks).tobytes())
    learner.train(np.arange(COUNT), epochs=1, batch_size=COUNT, learning_rate=0.0)
    dense = compile_gradients(net)(weights, x.astype(np.float32) * np.float32(SCALE), y)
    expected = tuple(np.where(True if m is None else m, g, 0) for g, m in zip(dense, masks, strict=True))
    found = unpack_values(learner.velocity, masks, net.specs)
    close_per_tensor(found, expected, 1e-5, [spec.name for spec in net.specs])


@pytest.mark.parametrize("given", [{}, {"weight_decay": 0.01}, {"proximal": 0.5}, {"shift": 1}])
@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_local_epochs_end_where_those_of_keras_end(tmp_path: Path, name: str, given: dict[str, float]) -> None:
    net = network(name)
    masks = some_masks(net, 0.4)
    weights = start(net, masks)
    x, y = samples(COUNT)
    random = np.random.default_rng(9)
    batches, present = draw_batches(COUNT, 3, 5, random)
    work = {"learning_rate": 0.05, "momentum": 0.9, "weight_decay": 0.0, "proximal": 0.0} | {
        key: value for key, value in given.items() if key != "shift"
    }
    shifts = draw_shifts(len(batches), 1, random) if "shift" in given else None
    learner = learner_of(net, masks, tmp_path, proximal="proximal" in given)
    learner.give(x, y)
    learner.push(pack_values(weights, masks).tobytes())
    order = batches[present.astype(bool)]
    result = learner.train(order, shifts, epochs=3, batch_size=5, **work)
    keras_given: dict[str, object] = {"rates": np.array([work[name] for name in RATES], np.float32)}
    keras_given |= {"x": x.astype(np.float32) * np.float32(SCALE), "y": y, "batches": mark_filling(batches, present)}
    keras_given |= {"steps": np.asarray(len(batches), np.int32)} | ({} if shifts is None else {"shifts": shifts})
    expected, loss = keras_training(net, masks, weights, keras_given)
    assert result.seen == 3 * COUNT
    assert result.loss == pytest.approx(loss, rel=1e-4)
    found = learner.values
    assert found is not None
    assert np.abs(found - pack_values(weights, masks)).max() > 0.01, "nothing was learnt"
    live = live_values(net, masks)
    np.testing.assert_allclose(found[live], pack_values(expected, masks)[live], atol=1e-4)


def live_values(net: Network, masks: Masks) -> np.ndarray:
    """Values that can change what the network says: those of dead channels are left alone, as by compaction."""
    compaction = compact(net, masks)
    ones = tuple(np.ones(spec.shape, np.float32) for spec in net.specs)
    zeros = tuple(np.zeros(spec.shape, np.float32) for spec in net.specs)
    return pack_values(compaction.put(compaction.take(ones), zeros), masks) > 0


def test_weights_of_dead_channels_stay(tmp_path: Path) -> None:
    net = network("plain")
    masks = list(some_masks(net, 0.6))
    second = masks[2].copy()
    second[..., 3] = False  # nothing leads into this channel
    masks[2] = second
    complete = complete_masks(net, tuple(masks))
    weights = start(net, complete)
    x, y = samples(COUNT)
    learner = learner_of(net, complete, tmp_path)
    learner.give(x, y)
    learner.push(pack_values(weights, complete).tobytes())
    learner.train(np.arange(COUNT), epochs=1, batch_size=4, learning_rate=0.1, weight_decay=0.1)
    assert learner.values is not None
    trained = unpack_values(learner.values, complete, net.specs)
    rows = np.arange(trained[4].shape[0]) % 7 == 3
    assert complete[4][rows].any()
    np.testing.assert_array_equal(trained[4][rows], weights[4][rows])
    kept = complete[4] & ~rows[:, None]
    assert (trained[4][kept] != weights[4][kept]).all()
