"""Networks of published benchmarks, whole: equal to the oracle on the host and on an emulated Cortex-M4."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from known_models import ds_cnn, mobilenet_v1_quarter
from op_specs import Rng
from probe_firmware import require

from device_sim.samples import input_shape
from device_sim.verify import verify_model

# Measured with arm-none-eabi-gcc 12.2; a tenth more fails.
NETWORKS: dict[str, tuple[Callable[[Rng], bytes], int]] = {
    "ds_cnn": (ds_cnn, 9_070_000),
    "mobilenet_v1_quarter": (mobilenet_v1_quarter, 27_200_000),
}


def _write(name: str, folder: Path) -> tuple[Path, str, np.ndarray]:
    rng = np.random.default_rng(len(name))
    model = folder / f"{name}.tflite"
    model.write_bytes(NETWORKS[name][0](rng))
    return model, "mps2_an386", rng.integers(-128, 128, (2, *input_shape(model))).astype(np.int8)


@pytest.mark.qemu
@pytest.mark.parametrize("name", NETWORKS)
def test_network_equals_the_oracle_on_a_board(name: str, tmp_path: Path) -> None:
    require("arm-none-eabi-gcc", "qemu-system-arm")
    report = verify_model(*_write(name, tmp_path), emulator="qemu")
    assert (report.samples, report.mismatched_samples) == (2, 0), report.first_mismatch
    assert report.instructions_per_inference is not None
    assert report.instructions_per_inference < 1.1 * NETWORKS[name][1]


@pytest.mark.parametrize("name", NETWORKS)
def test_network_equals_the_oracle_in_a_sanitized_process(name: str, tmp_path: Path) -> None:
    require("gcc")
    report = verify_model(*_write(name, tmp_path), emulator="native", sanitize=True)
    assert (report.samples, report.mismatched_samples) == (2, 0), report.first_mismatch
    assert len(np.unique(report.outputs)) > 1
