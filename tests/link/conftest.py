"""Fixtures for the tests of the link: both codecs, and boards with the test models."""

import zlib
from collections.abc import Callable
from typing import Any

import pytest
from cobs import cobs
from link_c import Codec, build_extended_library, build_library, c_codec, load_library
from link_device import CDevice

from firmware_gen.learner_build import KEYED_DEFINES
from host_bridge.frame import Frame, FrameDecoder


def _python_cobs_decode(data: bytes) -> bytes | None:
    try:
        return bytes(cobs.decode(data)) if data else None
    except cobs.DecodeError:
        return None


@pytest.fixture(scope="session")
def link_library(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return load_library(build_library(tmp_path_factory.mktemp("link")))


@pytest.fixture(scope="session")
def learner_library(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return load_library(build_extended_library(tmp_path_factory.mktemp("link")))


@pytest.fixture(scope="session")
def keyed_library(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """As learners are built that have a key: with longer frames."""
    return load_library(build_extended_library(tmp_path_factory.mktemp("link"), KEYED_DEFINES))


@pytest.fixture
def make_keyed_learner(keyed_library: Any) -> Callable[[bytes], CDevice]:
    """Boards with transfers and authenticated sessions, as built with a key."""

    def make(key: bytes) -> CDevice:
        device = CDevice(keyed_library, 0)
        device.serve_store(key)
        return device

    return make


@pytest.fixture
def make_learner(learner_library: Any) -> Callable[..., CDevice]:
    """Boards that know transfers and sessions, authenticated ones where they get a key."""

    def make(model: int = 0, key: bytes | None = None) -> CDevice:
        device = CDevice(learner_library, model)
        device.serve_store(key)
        return device

    return make


@pytest.fixture(scope="session", params=["python", "c"])
def codec(request: pytest.FixtureRequest, link_library: Any) -> Codec:
    if request.param == "c":
        return c_codec(link_library)
    return Codec("python", zlib.crc32, Frame.encode, FrameDecoder, cobs.encode, _python_cobs_decode)


@pytest.fixture
def make_device(link_library: Any) -> Callable[..., CDevice]:
    """Boards with model 0 (small), 1 (large, output over input), 2 (just one frame) or 3 (fails)."""
    return lambda model=0, board="test_board": CDevice(link_library, model, board)
