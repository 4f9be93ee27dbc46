"""A tiny federation some of whose clients are boards. Each kind of firmware is built once for all tests."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import trainer.fleet.assembly
from firmware_gen.learner_build import build_learner
from firmware_gen.learner_report import LearnerReport

sys.path.append(str(Path(__file__).parents[1] / "trainer"))


@pytest.fixture(scope="session", autouse=True)
def _built_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    built: dict[tuple[Any, ...], LearnerReport] = {}

    def build(description: Any, purpose: Any, board: Any, out: Path, *, target: Any) -> LearnerReport:
        key = (description.sha256, purpose, board.name, target)
        if key not in built:
            folder = tmp_path_factory.mktemp("learner") / out.name
            built[key] = build_learner(description, purpose, board, folder, target=target)
        return built[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer.fleet.assembly, "build_learner", build)
        yield
