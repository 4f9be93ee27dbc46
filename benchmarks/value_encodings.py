"""What each encoding of values costs in accuracy and saves in bytes: ``python benchmarks/value_encodings.py``."""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from trainer.config import make_config
from trainer.federation import federate
from trainer.history import History, RoundRecord
from trainer.prepare import Prepared, load_data, prepare
from trainer.quiet import quiet_output
from trainer.wire import CODECS


def measure(encoding: str, seed: int, rounds: int) -> tuple[History, Prepared]:
    config = make_config({"encoding": encoding, "seed": seed, "rounds": rounds, "board": "none"})
    with quiet_output():
        prepared = prepare(config, load_data(config))

    def on_round(record: RoundRecord, _: object) -> None:
        if record.round % 10 == 0:
            print(f"{encoding} seed {seed} round {record.round}: {record.accuracy:.2%}", file=sys.stderr, flush=True)

    return federate(config, prepared, on_round), prepared


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    given = parser.parse_args()
    seeds = " | ".join(f"seed {seed}" for seed in given.seeds)
    print(f"digits, default model and options, {given.rounds} rounds; bytes per client and round, frames included\n")
    print(f"| encoding | {seeds} | up | down | up, of dense float32 |\n|---|{'--:|' * (len(given.seeds) + 3)}")
    for encoding in CODECS.names:
        runs = [measure(encoding, seed, given.rounds) for seed in given.seeds]
        records = [record for history, _ in runs for record in history.rounds]
        up, down = (
            sum(values) / len(records)
            for values in ([r.bytes_up_per_client for r in records], [r.bytes_down_per_client for r in records])
        )
        accuracies = " | ".join(f"{history.rounds[-1].accuracy:.2%}" for history, _ in runs)
        share = up / runs[0][1].dense_bytes
        print(f"| {encoding} | {accuracies} | {up:,.0f} | {down:,.0f} | {share:.3%} |", flush=True)


if __name__ == "__main__":
    main()
