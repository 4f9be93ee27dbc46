"""Networks that benchmarks and tests run: published shapes, int8 weights from a seed, any masks. No training."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
