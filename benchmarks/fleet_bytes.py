"""What a round costs on the line when every client is a board: ``python benchmarks/fleet_bytes.py``."""

import argparse
import sys
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from trainer.config import make_config
from trainer.engines.fleet import boards_of, learners_of
from trainer.federation import federate
from trainer.prepare import load_data, prepare
from trainer.quiet import quiet_output
from trainer.summary.boards import FleetSummary, fleet_summary
from trainer.wire import CODECS

TARGETS = {"float32": 0.022, "int8": 0.006}


def measure(encoding: str, rounds: int, devices: str) -> FleetSummary:
    """The default run's clients, as many of them boards as there are devices."""
    config = make_config({"encoding": encoding, "rounds": rounds, "board": "none", "devices": devices})
    with quiet_output():
        prepared = prepare(config, load_data(config))
    with closing(prepared.engine):
        federate(config, prepared, lambda *_: None)
        samples = tuple(map(len, prepared.partition))
        engine = prepared.engine
        found = fleet_summary(boards_of(engine), learners_of(engine), samples, prepared.dense_bytes)
    assert found is not None
    return found


def draw(shares: dict[str, float], path: Path) -> None:
    """Bars of the shares, against dense float32 FedAvg."""
    import matplotlib as mpl

    mpl.use("svg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(6, 1.6), layout="constrained")
    bars = axes.barh(list(shares), [100 * share for share in shares.values()], color="#0072b2")
    axes.bar_label(bars, fmt="%.2f %%", padding=4)
    axes.invert_yaxis()
    axes.set_xlim(0, 120 * max(shares.values()))
    axes.set_xlabel("bytes of a round, of dense float32 FedAvg, in %")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, metadata={"Date": None})
    path.write_text("".join(f"{line.rstrip()}\n" for line in path.read_text().splitlines()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--devices", default="native:10", help="the boards, as for a run: qemu:2")
    parser.add_argument("--encoding", choices=CODECS.names, help="only this one")
    parser.add_argument("--picture", type=Path, help="draw the shares as SVG")
    given = parser.parse_args()
    print(f"digits, default model and options, boards {given.devices}; bytes on the line, both ends' frames\n")
    print("| encoding | down | up | of dense: mean | largest | once: seed, samples |\n|---|--:|--:|--:|--:|--:|")
    shares = {}
    for encoding in CODECS.names if given.encoding is None else (given.encoding,):
        boards = measure(encoding, given.rounds, given.devices).boards
        down, up, once, share = (
            sum(getattr(one, name) for one in boards) / len(boards)
            for name in ("bytes_down_per_round", "bytes_up_per_round", "setup_bytes", "share_of_dense")
        )
        largest = max(one.share_of_dense for one in boards)
        shares[encoding] = share
        print(f"| {encoding} | {down:,.0f} | {up:,.0f} | {share:.3%} | {largest:.3%} | {once:,.0f} |", flush=True)
        if share > TARGETS.get(encoding, 1.0):
            raise SystemExit(f"error: {encoding} costs more than {TARGETS[encoding]:.1%} of dense FedAvg")
    if given.picture is not None:
        draw(shares, given.picture)


if __name__ == "__main__":
    main()
