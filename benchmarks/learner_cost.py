"""What a learner costs on a Cortex-M4: instructions per training sample at 98 % and at 0 % sparsity, RAM and flash.

The model is that of ``make federate`` (digits_cnn), its mask SynFlow's for seed 1. The same code trains both networks;
it is cross-compiled and run by Unicorn, which counts instructions; these are no cycles. RAM and flash are those of
linked firmware. Run: ``python benchmarks/learner_cost.py``; seed_cost.py counts what computing the mask takes.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "runtime"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "learner"))

import cortex_m
import unicorn
from learner_cortex import CortexLearner

from firmware_gen.boards import load_board
from firmware_gen.learner import LearnerDescription, Purpose, plan_learner
from firmware_gen.learner.masks import encode_mask
from firmware_gen.learner_build import build_learner
from host_bridge.errors import UserError
from trainer.channels import complete_masks
from trainer.datasets import load_dataset
from trainer.engines.batches import draw_batches
from trainer.initialisers import initial_weights, rescale_survivors
from trainer.learner_export import describe
from trainer.models import load_builder
from trainer.models.network import Network, build_network
from trainer.pruners import PRUNERS, prune
from trainer.tensors import Masks, all_kept
from trainer.values import pack_values, value_count

CPU = "cortex-m4"
SEED = 1
SPARSITY = 0.98
SAMPLES = 216
"""The largest shard of the default run."""
BATCH = 16
EPOCHS = 4
WORK = {"batch_size": BATCH, "learning_rate": 0.02, "momentum": 0.9, "weight_decay": 0.003}
BOARDS = ("stm32f4_discovery", "stm32f4_qemu")
"""An STM32F407 as it is, and with its RAM in one piece."""


def masks_of(net: Network) -> Masks:
    weights = initial_weights(SEED, net.specs)
    return complete_masks(net, prune(PRUNERS.get("synflow"), net, weights, SPARSITY, random=np.random.default_rng(0)))


def purpose(values: int | None, **given: object) -> Purpose:
    usual = {"sample_scale": 1 / 16, "epochs": EPOCHS, "batch_size": BATCH, "seeded": False}
    return Purpose(samples=SAMPLES, values=values, **(usual | given))  # type: ignore[arg-type]


def instructions_per_sample(net: Network, masks: Masks) -> int:
    """Train one batch and divide; checks that it learns."""
    description = describe(net, "digits_cnn")
    plan = plan_learner(description, purpose(value_count(net.specs, masks)))
    data = load_dataset("digits", None)
    with tempfile.TemporaryDirectory() as folder:
        learner = CortexLearner.build(description, plan, Path(folder), CPU)
    learner.load_mask(encode_mask(masks, [spec.size for spec in net.specs]))
    x = np.rint(data.train_x[:BATCH] * 16).astype(np.uint8)
    learner.give(x, data.train_y[:BATCH])
    weights = rescale_survivors(net.specs, initial_weights(SEED, net.specs), masks)
    learner.push(pack_values(weights, masks).tobytes())
    batches, _ = draw_batches(BATCH, 1, BATCH, np.random.default_rng(0))
    loss, instructions = learner.train(batches.ravel(), epochs=1, **WORK)
    if not 0 < loss < 20:
        raise SystemExit(f"error: the loss is {loss}: the count means nothing")
    return instructions // BATCH


def print_memory(description: LearnerDescription, values: int) -> None:
    """Linked firmware for the chip's two RAMs and for one of 192 KB."""
    print(f"\nRAM with {SAMPLES} samples of 64 bytes, stack and link included, bytes:\n")
    print(f"{'encoding':10} {'mask':>22}  regions")
    for encoding in ("float32", "float16", "int8"):
        for name, given in (
            ("from a seed, any", {"values": None, "seeded": True, "sparsity": SPARSITY}),
            ("from a seed, this one", {"values": values, "seeded": True}),
        ):
            for board in BOARDS:
                wanted = purpose(**({"encoding": encoding} | given))  # type: ignore[arg-type]
                print(f"{encoding:10} {name:>22}  {memory_of(description, wanted, board)}", flush=True)


def memory_of(description: LearnerDescription, wanted: Purpose, board: str) -> str:
    """What each RAM of the linked firmware holds, and the stack's worst case; or that it does not fit."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            report = build_learner(description, wanted, load_board(board), Path(folder) / "learner")
        except UserError as error:
            return f"{board}: {str(error).split('; ', maxsplit=1)[0]}"
    regions = " and ".join(f"{one.name} {one.used_bytes:,} of {one.bytes:,}" for one in report.ram)
    stack = "" if report.stack is None else f", of the stack at most {report.stack.worst_case_bytes:,}"
    return f"{board}: {regions}{stack}; flash {report.flash_bytes['total']:,}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args()
    if cortex_m.MISSING:
        raise SystemExit(f"error: {cortex_m.MISSING}; install gcc-arm-none-eabi")
    print(f"{cortex_m.compiler_version()}, -O2, {CPU} with FPU; unicorn {unicorn.__version__}\n")
    net = build_network(load_builder("digits_cnn"), (8, 8, 1), 10)
    sparse, dense = masks_of(net), all_kept(net.specs)
    counts = {}
    print(f"{'sparsity':>8} {'values':>9} {'instructions per training sample':>34}")
    for name, masks in (("98 %", sparse), ("0 %", dense)):
        counts[name] = instructions_per_sample(net, masks)
        print(f"{name:>8} {value_count(net.specs, masks):9,} {counts[name]:34,}", flush=True)
    print(f"\n{counts['0 %'] / counts['98 %']:.1f} times fewer at 98 %")
    print_memory(describe(net, "digits_cnn"), value_count(net.specs, sparse))


if __name__ == "__main__":
    main()
