"""A tiny federation some of whose clients are boards."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "trainer"))
