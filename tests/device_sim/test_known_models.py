"""Networks of published benchmarks, whole: equal to the oracle on the host and on an emulated Cortex-M4."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from known_models import autoencoder, ds_cnn, mobilenet_v1_quarter
from op_specs import Rng
from probe_firmware import require

from device_sim.samples import input_shape
from device_sim.verify import verify_model

# Instructions measured with arm-none-eabi-gcc 12.2, of which a twentieth more fails; then what TensorFlow Lite Micro
# with CMSIS-NN needs on a Cortex-M4: instructions, bytes of flash (code and model) and of arena.
NETWORKS: dict[str, tuple[Callable[[Rng], bytes], int, tuple[int, int, int]]] = {
    "ds_cnn": (ds_cnn, 5_116_000, (7_697_760, 53_892 + 53_936, 22_820)),
    "mobilenet_v1_quarter": (mobilenet_v1_quarter, 14_213_000, (24_101_560, 53_892 + 333_288, 100_708)),
    "autoencoder": (autoencoder, 534_000, (582_920, 29_268 + 276_976, 2_580)),
}
ALLOWANCE = 1.05


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
    assert report.instructions_per_inference < ALLOWANCE * NETWORKS[name][1]
    ours = report.instructions_per_inference, report.flash_bytes["total"], report.ram_bytes["arena"]
    assert all(one < other for one, other in zip(ours, NETWORKS[name][2], strict=True))


@pytest.mark.parametrize("name", NETWORKS)
def test_network_equals_the_oracle_in_a_sanitized_process(name: str, tmp_path: Path) -> None:
    require("gcc")
    report = verify_model(*_write(name, tmp_path), emulator="native", sanitize=True)
    assert (report.samples, report.mismatched_samples) == (2, 0), report.first_mismatch
    assert len(np.unique(report.outputs)) > 1
