"""What finding a mask from a seed costs a board: ``python benchmarks/seed_cost.py`` (minutes).

The learner of the default run (digits_cnn) computes SynFlow's mask and draws its values in QEMU, which counts
instructions; these are no cycles. Checks that the mask is the host's.
"""

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from device_sim.emulators import start_emulator
from device_sim.session import open_link
from firmware_gen.boards import load_board
from firmware_gen.learner_build import build_learner
from host_bridge.learner import Learner
from trainer.channels import complete_masks
from trainer.config import make_config
from trainer.fleet.places import DEFAULT_BOARDS
from trainer.fleet.planning import describe_run
from trainer.initialisers import initial_weights
from trainer.masks import fingerprint
from trainer.models import load_builder
from trainer.models.network import Network, build_network
from trainer.pruners import PRUNERS, prune
from trainer.tensors import count_prunable

SEED = 1


def host_mask(net: Network, sparsity: float) -> int:
    """Fingerprint of the mask that the host finds."""
    weights = initial_weights(SEED, net.specs)
    masks = prune(PRUNERS.get("synflow"), net, weights, sparsity, random=np.random.default_rng(0))
    return fingerprint(complete_masks(net, masks))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--board", default=DEFAULT_BOARDS["qemu"][0], help="a board that QEMU runs")
    given = parser.parse_args()
    config = make_config({})
    net = build_network(load_builder(config.model), (8, 8, 1), 10)
    total, steps = count_prunable(net.specs), PRUNERS.get("synflow").iterations
    keep = [round(total * (1 - config.sparsity) ** (step / steps)) for step in range(1, steps + 1)]
    board = load_board(given.board)
    with tempfile.TemporaryDirectory() as folder:
        description, purpose = describe_run(config, None)
        report = build_learner(description, purpose, board, Path(folder) / "learner")
        with start_emulator("qemu", report.elf, board) as emulated, open_link(emulated) as link:
            seeded = Learner(link).seed(SEED, keep)
            if seeded.mask != host_mask(net, config.sparsity):
                raise SystemExit("error: the board's mask is not the host's")
            count = emulated.instructions(seeded.ticks)
    print(f"{emulated.name} {emulated.version}, {board.name}, {report.compiler}")
    print(f"{steps} steps of SynFlow and {seeded.values:,} values from seed {SEED}: {count:,.0f} instructions")


if __name__ == "__main__":
    main()
