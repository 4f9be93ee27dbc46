"""Run the benchmarks of this folder one after the other: ``python -m benchmarks [NAME…]``."""

import argparse
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent


def main() -> None:
    """Run the named benchmarks, or all; ends with the first exit code that is not 0."""
    names = sorted(path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_"))
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of: {', '.join(names)}")
    chosen = parser.parse_args().names or names
    if unknown := sorted(set(chosen) - set(names)):
        parser.error(f"unknown benchmark {unknown[0]!r}; choose from: {', '.join(names)}")
    for name in chosen:
        print(f"== {name}", flush=True)
        code = subprocess.run([sys.executable, FOLDER / f"{name}.py"], check=False).returncode
        if code != 0:
            raise SystemExit(code)
        print(flush=True)


if __name__ == "__main__":
    main()
