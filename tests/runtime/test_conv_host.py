"""The convolution on this machine against NumPy, bit for bit."""

import ctypes
from typing import Any

import numpy as np
import pytest
from conv_cases import GEOMETRIES, SAME
from host_runtime import GUARD, HostRuntime, guarded, inside
from runtime_layers import Geometry, Layer
from runtime_structs import ENCODING_GAP8, FP_ERR_ARGUMENT, FP_ERR_ENCODING, FP_OK, HostConv


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=lambda g: g.name)
def test_layer_equals_numpy(runtime: HostRuntime, geometry: Geometry) -> None:
    layer = Layer(geometry)
    result, expected = runtime.run_layer(layer), layer.expected()
    wrong = np.flatnonzero(result != expected)
    assert wrong.size == 0, f"{wrong.size} bytes differ, the first at {wrong[0]}"


def test_the_table_meets_every_path() -> None:
    """Several results saturate, several do not, and dead channels occur."""
    outputs = [Layer(g).expected() for g in GEOMETRIES]
    assert any((o == 127).any() for o in outputs) and any((o == -128).any() for o in outputs)
    large = [o for o in outputs if o.size > 200]
    assert sum(np.unique(o).size > 50 for o in large) > len(large) // 2
    kept = [np.count_nonzero(Layer(g).weights.any(axis=(1, 2, 3))) / g.channels[1] for g in GEOMETRIES]
    assert any(0 < live < 1 for live in kept), "no layer has both live and dead channels"
    assert any(b"\xff\xff" in Layer(g).stream for g in GEOMETRIES if g.encoding == ENCODING_GAP8)


BASE = Geometry("argument checks", (3, 4), (7, 9), padding=SAME, out_halo=SAME, activation=(-100, 100))


def call(runtime: HostRuntime, layer: Layer, edit: Any = None, stream: bytes | None = None) -> int:
    """fp_conv_run with a damaged struct or weight stream; returns its status."""
    kept: list[Any] = []

    def place(data: bytes) -> int:
        kept.append(ctypes.create_string_buffer(data, max(len(data), 1)))
        return ctypes.addressof(kept[-1])

    conv = layer.struct(HostConv, place)
    if stream is not None:
        conv.weights, conv.weight_bytes = place(stream), len(stream)
    if edit is not None:
        edit(conv)
    out = guarded(np.zeros(layer.out_plane.bytes, np.int8))
    scratch = guarded(np.zeros(layer.scratch_bytes, np.int8))
    source = guarded(layer.in_plane.pack(layer.x))
    return int(runtime.library.fp_conv_run(ctypes.byref(conv), inside(source), inside(out), inside(scratch)))


def set_in(name: str, value: int) -> Any:
    return lambda conv: setattr(getattr(conv, "in"), name, value)


def set_out(name: str, value: int) -> Any:
    return lambda conv: setattr(conv.out, name, value)


def set_conv(name: str, value: int) -> Any:
    return lambda conv: setattr(conv, name, value)


BAD_ARGUMENTS = {
    "no weights": set_conv("weights", 0),
    "no bias": set_conv("bias", 0),
    "kernel 0": set_conv("kernel_height", 0),
    "stride 0": set_conv("stride_width", 0),
    "dilation 0": set_conv("dilation_height", 0),
    "activation range reversed": set_conv("activation_max", -128),
    "more taps than weights": set_conv("max_taps", 3 * 9 + 1),
    "padding above the halo": set_conv("pad_top", 2),
    "padding left of the halo": set_conv("pad_left", 2),
    "window wider than the halo": set_conv("kernel_width", 4),
    "window higher than the halo": set_conv("kernel_height", 4),
    "window past the last row": set_conv("stride_height", 2),
    "window past the last column": set_conv("stride_width", 2),
    "input shorter than its elements": set_in("bytes", 100),
    "input larger than a tap can address": set_in("bytes", (1 << 22) + 1),
    "input channels overlap": set_in("channel_pitch", 50),
    "input rows overlap": set_in("row_pitch", 8),
    "no input channel": set_in("channels", 0),
    "output shorter than its elements": set_out("bytes", 100),
    "output without width": set_out("width", 0),
    "output higher than the windows": set_out("height", 8),
}


@pytest.mark.parametrize("name", BAD_ARGUMENTS)
def test_bad_arguments_are_refused(runtime: HostRuntime, name: str) -> None:
    layer = Layer(BASE)
    assert call(runtime, layer) == FP_OK
    assert call(runtime, layer, BAD_ARGUMENTS[name]) == FP_ERR_ARGUMENT


@pytest.mark.parametrize(("multiplier", "shift"), [(-1, -3), (1 << 30, -32), (1 << 30, 31)])
def test_illegal_scales_are_refused(runtime: HostRuntime, multiplier: int, shift: int) -> None:
    layer = Layer(BASE)
    layer.multiplier[-1], layer.shift[-1] = multiplier, shift
    assert call(runtime, layer) == FP_ERR_ARGUMENT


def test_unaligned_scratch_and_null_pointers_are_refused(runtime: HostRuntime) -> None:
    layer = Layer(BASE)
    conv = layer.struct(HostConv, lambda _: 64)
    buffer = guarded(np.zeros(4096, np.int8))
    good, odd = inside(buffer), ctypes.c_void_p(buffer.ctypes.data + GUARD + 2)
    run = runtime.library.fp_conv_run
    for arguments in ((None, good, good, good), (ctypes.byref(conv), None, good, good)):
        assert run(*arguments) == FP_ERR_ARGUMENT
    assert run(ctypes.byref(conv), good, None, good) == FP_ERR_ARGUMENT
    assert run(ctypes.byref(conv), good, good, None) == FP_ERR_ARGUMENT
    assert run(ctypes.byref(conv), good, good, odd) == FP_ERR_ARGUMENT


@pytest.mark.parametrize("encoding", range(4))
def test_damaged_streams_are_refused(runtime: HostRuntime, encoding: int) -> None:
    geometry = Geometry("damaged streams", (3, 3), (7, 9), padding=SAME, out_halo=SAME, encoding=encoding)
    layer = Layer(geometry)
    assert call(runtime, layer, stream=layer.stream[:-1]) == FP_ERR_ENCODING
    assert call(runtime, layer, stream=layer.stream + b"\0") == FP_ERR_ENCODING
    assert call(runtime, layer, stream=b"") == FP_ERR_ENCODING
    assert call(runtime, layer, set_conv("encoding", 4)) == FP_ERR_ENCODING
    assert call(runtime, layer, set_conv("max_taps", layer.max_taps - 1)) == FP_ERR_ENCODING
