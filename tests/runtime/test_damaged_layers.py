"""Tampered weight streams: refused exactly where the format is violated, computed correctly where it is not."""

from pathlib import Path

import cortex_m
import numpy as np
import pytest
from cortex_m import CortexM, cross_compile, try_layer
from damaged_layers import DAMAGED, damaged_layers
from host_runtime import HostRuntime
from runtime_layers import Geometry
from runtime_structs import FP_ERR_ENCODING, FP_OK

GEOMETRIES = [geometry for geometry, _ in DAMAGED]


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=lambda g: g.name)
def test_on_this_machine(runtime: HostRuntime, geometry: Geometry) -> None:
    for layer, legal in damaged_layers(geometry, 200):
        status, out = runtime.try_layer(layer)
        assert status == (FP_OK if legal else FP_ERR_ENCODING), layer.stream.hex()
        assert not legal or np.array_equal(out, layer.expected()), layer.stream.hex()


@pytest.mark.skipif(bool(cortex_m.MISSING), reason=cortex_m.MISSING)
@pytest.mark.parametrize("cpu", ["cortex-m4", "cortex-m0plus"])
def test_on_a_core(tmp_path: Path, cpu: str) -> None:
    """Streams, and the input of dot products, lie right before memory that faults."""
    elf = cross_compile(tmp_path, cpu)
    for geometry, slack in DAMAGED:
        core = CortexM(elf, cpu)
        for layer, legal in damaged_layers(geometry, 40):
            result, out = try_layer(core, layer, slack)
            assert result.value == (FP_OK if legal else FP_ERR_ENCODING), layer.stream.hex()
            assert not legal or np.array_equal(out, layer.expected()), layer.stream.hex()


def test_both_kinds_occur() -> None:
    for geometry in GEOMETRIES:
        legal = [legal for _, legal in damaged_layers(geometry, 100)]
        assert 20 < sum(legal) < 80
