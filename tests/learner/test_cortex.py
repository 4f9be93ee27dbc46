"""The same learner on the host and on emulated cores, with and without an FPU: the same bits."""

import sys
from pathlib import Path

import numpy as np
import pytest
from learner_c import HostLearner
from learner_cases import half, network, purpose, samples, some_masks, start
from learner_cortex import CORES, CortexLearner

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "runtime"))
import cortex_m

from firmware_gen.learner import LearnerDescription, LearnerPlan, plan_learner
from firmware_gen.learner.masks import encode_mask
from trainer.engines.batches import draw_batches
from trainer.engines.shifts import draw_shifts
from trainer.learner_export import describe
from trainer.masks import fingerprint
from trainer.tensors import count_prunable
from trainer.values import pack_values
from trainer.wire import CODECS

COUNT = 6
WORK = {"epochs": 1, "batch_size": 4, "learning_rate": 0.05, "momentum": 0.9, "weight_decay": 0.01, "proximal": 0.1}

pytestmark = pytest.mark.skipif(bool(cortex_m.MISSING), reason=cortex_m.MISSING)


INSTRUCTIONS = {"plain": 629_151, "depthwise": 547_254, "residual": 965_285}
"""Of all of training on a Cortex-M4, as GCC 12.2.1 compiles it; a kernel that gets slower shows here."""

CASES = [
    *(("cortex-m4", name) for name in ("plain", "depthwise", "residual")),
    ("cortex-m3", "depthwise"),
    *(pytest.param("cortex-m3", name, marks=pytest.mark.slow) for name in ("plain", "residual")),
]


@pytest.mark.parametrize(("cpu", "name"), CASES)
def test_training_ends_with_the_same_bits(tmp_path: Path, name: str, cpu: str) -> None:
    net = network(name)
    masks = some_masks(net, 0.4)
    description = describe(net, "case")
    plan = plan_learner(description, purpose(COUNT, encoding="int8", proximal=True))
    line = encode_mask(masks, [spec.size for spec in net.specs])
    x, y = samples(COUNT)
    random = np.random.default_rng(4)
    batches, present = draw_batches(COUNT, 1, 4, random)
    shifts = draw_shifts(len(batches), 1, random)
    results = []
    for learner in (
        HostLearner.build(description, plan, tmp_path),
        CortexLearner.build(description, in_two_pieces(description, plan), tmp_path, cpu),
    ):
        learner.load_mask(line)
        assert learner.fingerprint == fingerprint(masks)
        learner.give(x, y)
        learner.push(int8_payload(pack_values(start(net, masks), masks)), "int8")
        learner.train(batches[present.astype(bool)], shifts, **WORK)
        results.append((np.asarray(learner.values).tobytes(), learner.pull()))
    assert results[0] == results[1]
    if cpu == "cortex-m4" and "12.2.1" in cortex_m.compiler_version():
        assert learner.instructions["fp_learner_train"] <= 1.05 * INSTRUCTIONS[name]


def in_two_pieces(description: LearnerDescription, plan: LearnerPlan) -> LearnerPlan:
    """The same learner where RAM is split."""
    split = plan_learner(description, plan.purpose, room=half(plan))
    assert split.second_bytes > 0 and split.bytes < plan.bytes
    return split


def int8_payload(values: np.ndarray) -> bytes:
    return CODECS.get("int8").encode_values(values)


@pytest.mark.parametrize("cpu", sorted(CORES))
def test_a_seed_gives_the_same_mask_and_values(tmp_path: Path, cpu: str) -> None:
    net = network("plain")
    description = describe(net, "case")
    plan = plan_learner(description, purpose(2, seeded=True))
    total = count_prunable(net.specs)
    keep = [round(total * 0.2 ** (step / 5)) for step in range(1, 6)]
    host = HostLearner.build(description, plan, tmp_path)
    board = CortexLearner.build(description, in_two_pieces(description, plan), tmp_path, cpu)
    for learner in (host, board):
        learner.seed(77, keep)
    assert board.fingerprint == host.fingerprint
    assert host.values is not None
    assert board.values.tobytes() == host.values.tobytes()
