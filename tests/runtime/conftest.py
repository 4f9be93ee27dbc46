"""Builds of the runtime, once a session."""

from pathlib import Path

import pytest
from host_runtime import UNDEFINED, VARIANTS, HostRuntime, compile_host


@pytest.fixture(scope="session")
def runtimes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, HostRuntime]:
    """Every variant for this machine; undefined behaviour ends the process."""
    folder: Path = tmp_path_factory.mktemp("runtime")
    return {name: HostRuntime.load(compile_host(folder, name, UNDEFINED)) for name in VARIANTS}


@pytest.fixture(params=sorted(VARIANTS))
def runtime(request: pytest.FixtureRequest, runtimes: dict[str, HostRuntime]) -> HostRuntime:
    return runtimes[request.param]
