"""The 64-bit tick counter at every phase of a wrap, on a simulated SysTick."""

import ctypes
import shutil
import subprocess
from pathlib import Path

import pytest
from probe_firmware import WARNINGS, require

from firmware_gen.board_drivers import PORT_FOLDER

PERIOD = 1 << 24


@pytest.fixture
def systick(tmp_path: Path) -> ctypes.CDLL:
    require("gcc")
    shutil.copy(PORT_FOLDER / "systick.c", tmp_path)
    shutil.copy(Path(__file__).with_name("fake_cortex_m.h"), tmp_path / "cortex_m.h")
    library = tmp_path / "systick.so"
    subprocess.run(["gcc", *WARNINGS, "-shared", "-fPIC", tmp_path / "systick.c", "-o", library], check=True)
    loaded = ctypes.CDLL(str(library))
    loaded.fp_systick_now.restype = loaded.fake_time.restype = ctypes.c_uint64
    loaded.fake_set_time.argtypes = [ctypes.c_uint64]
    return loaded


def test_a_reading_lies_between_its_start_and_its_end(systick: ctypes.CDLL) -> None:
    for period, phase in enumerate(range(-20, 20), start=1):
        start = period * PERIOD + phase
        systick.fake_set_time(start)
        reading = systick.fp_systick_now()
        assert start <= reading <= systick.fake_time(), phase
