"""Every limit that ``supported-ops`` states holds: what is within it is read, what is beyond it refused."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from limit_models import (
    CHANNELS,
    FUSED,
    INT16,
    LOOKUPS,
    WINDOW,
    Build,
    Limit,
    at,
    batched,
    binary,
    conv,
    dense,
    depthwise,
    dequantised_early,
    dynamic,
    ends,
    joined,
    lookup,
    model,
    moved,
    not_constant,
    option,
    pool,
    rescaled,
    sliced,
    softmax,
    stride_of_zero,
    transposed,
    two_scales,
    typed,
)
from tflite_builder import ACTIVATION, INT32

from firmware_gen.parse import MODEL_LIMITS, READERS, parse_bytes
from firmware_gen.passes import compile_graph
from host_bridge.errors import UserError

# The operators that the project promises.
PROMISED = {
    *("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "AVERAGE_POOL_2D", "MAX_POOL_2D", "MEAN", "ADD", "SUB", "MUL"),
    *(
        "CONCATENATION",
        "PAD",
        "RESHAPE",
        "SQUEEZE",
        "EXPAND_DIMS",
        "RELU",
        "RELU6",
        "LEAKY_RELU",
        "HARD_SWISH",
        "LOGISTIC",
    ),
    *(
        "TANH",
        "SOFTMAX",
        "QUANTIZE",
        "DEQUANTIZE",
        "STRIDED_SLICE",
        "TRANSPOSE",
        "RESIZE_NEAREST_NEIGHBOR",
        "TRANSPOSE_CONV",
    ),
}


def _fused(operator: str, function: Build, *arguments: Any) -> Limit:
    within = (at(function, *arguments, activation=name) for name in ("none", "relu", "relu6", "relu_n1_to_1"))
    beyond = at(function, *arguments, change=option(fusedActivationFunction=ACTIVATION["tanh"]))
    return Limit(operator, FUSED, tuple(within), (beyond,))


def _windowed(operator: str, function: Build, *arguments: Any, same: dict[str, str]) -> Limit:
    within = at(function, *arguments, kernel=255, **same), at(function, *arguments, stride=(255, 1), **same)
    beyond = at(function, *arguments, kernel=256, **same), at(function, *arguments, stride=(256, 1), **same)
    return Limit(operator, WINDOW, within, beyond)


def _moving(operator: str, function: Build, *arguments: Any) -> Iterator[Limit]:
    yield Limit(operator, "batch 1", (at(function, *arguments),), (at(function, *arguments, change=batched),))


def _limits() -> Iterator[Limit]:
    same = {"padding": "same"}
    for name, function in (("CONV_2D", conv), ("DEPTHWISE_CONV_2D", depthwise), ("TRANSPOSE_CONV", transposed)):
        yield from _moving(name, function)
        yield Limit(
            name, CHANNELS, (at(function, scales=1), at(function, scales=2)), (at(function, change=two_scales),)
        )
        yield _fused(name, function)
    for name, function in (("CONV_2D", conv), ("DEPTHWISE_CONV_2D", depthwise)):
        found = _windowed(name, function, same=same)
        dilated = at(function, kernel=2, dilation=(255, 1), **same), at(function, kernel=2, dilation=(256, 1), **same)
        phrase = "kernel/stride/dilation up to 255"
        yield Limit(name, phrase, (*found.within, dilated[0]), (*found.beyond, dilated[1]))
    yield _windowed("TRANSPOSE_CONV", transposed, same={})
    groups = at(conv, channels=4, groups=2), at(conv, channels=4, groups=4)
    yield Limit("CONV_2D", "any number of groups", groups, (at(conv, channels=6, groups=3),))
    yield Limit(
        "DEPTHWISE_CONV_2D",
        "any depth multiplier",
        (at(depthwise, multiplier=7),),
        (at(depthwise, change=option(depthMultiplier=3)),),
    )
    yield from _moving("FULLY_CONNECTED", dense)
    yield Limit(
        "FULLY_CONNECTED", "over the flattened input", (at(dense, shape=(1, 2, 2, 2)),), (at(dense, shape=(1, 9)),)
    )
    yield Limit(
        "FULLY_CONNECTED", CHANNELS, (at(dense, scales=1), at(dense, scales=3)), (at(dense, change=two_scales),)
    )
    yield _fused("FULLY_CONNECTED", dense)
    for name, kind in (("AVERAGE_POOL_2D", "average"), ("MAX_POOL_2D", "max")):
        yield from _moving(name, pool, kind)
        yield _windowed(name, pool, kind, same=same)
        yield Limit(name, "input and output of one scale", (at(pool, kind),), (at(pool, kind, change=rescaled),))
        yield _fused(name, pool, kind)
    for name, kind in (("ADD", "add"), ("SUB", "sub"), ("MUL", "mul")):
        yield from _moving(name, binary, kind)
        broadcast = at(binary, kind, other=(1, 1, 4, 2))
        yield Limit(name, "two activations of one shape", (at(binary, kind),), (broadcast,))
        yield _fused(name, binary, kind)
    factor = at(binary, "mul", other=(1, 1, 1, 2))
    yield Limit("MUL", "or one of them [1, 1, 1, channels]", (factor,), (at(binary, "add", other=(1, 1, 1, 2)),))
    yield from _shapes()
    yield from _lookups()


def _shapes() -> Iterator[Limit]:
    reshaped = ("reshape", (1, 32)), ("squeeze", (1,)), ("expand_dims", 1)
    for name, (method, argument) in zip(("RESHAPE", "SQUEEZE", "EXPAND_DIMS"), reshaped, strict=True):
        shape = (1, 4, 4, 2) if method == "reshape" else (1, 1, 32)
        whole = at(moved, method, argument, shape=shape)
        open_shape = at(moved, method, argument, shape=shape, change=dynamic)
        yield Limit(name, "fixed output shape", (whole,), (open_shape,))
        yield Limit(name, "batch 1", (whole,), (at(moved, method, argument, shape=shape, change=batched),))
    around = ((0, 0), (1, 2), (0, 1), (0, 0))
    yield from _moving("PAD", moved, "pad", around)
    yield Limit(
        "PAD", "constant padding", (at(moved, "pad", around),), (at(moved, "pad", around, change=not_constant),)
    )
    yield from _moving("CONCATENATION", joined)
    yield Limit(
        "CONCATENATION",
        "any axis but the batch",
        (at(joined, 1), at(joined, 2), at(joined, 3), at(joined, -1)),
        (at(joined, 0),),
    )
    yield Limit("CONCATENATION", "inputs and output of one scale", (at(joined),), (at(joined, change=rescaled),))
    yield Limit(
        "CONCATENATION", "no fused activation", (at(joined),), (at(joined, change=option(fusedActivationFunction=1)),)
    )
    yield from _moving("STRIDED_SLICE", sliced)
    backwards = at(sliced, begin=3, end=-5, stride=-1)
    yield Limit(
        "STRIDED_SLICE",
        "which may be negative",
        (at(sliced, stride=2), backwards),
        (at(sliced, change=stride_of_zero),),
    )
    yield Limit("STRIDED_SLICE", "constant begin, end and stride", (at(sliced),), (at(sliced, change=not_constant),))
    yield Limit("STRIDED_SLICE", "the batch stays", (at(sliced),), (at(sliced, change=option(shrinkAxisMask=1)),))
    order = at(moved, "transpose", (0, 3, 1, 2)), at(moved, "transpose", (0, 2, 3, 1))
    yield from _moving("TRANSPOSE", moved, "transpose", (0, 3, 1, 2))
    yield Limit(
        "TRANSPOSE", "any constant order that leaves the batch first", order, (at(moved, "transpose", (1, 0, 2, 3)),)
    )
    yield from _moving("RESIZE_NEAREST_NEIGHBOR", moved, "resize_nearest", (8, 8))
    factors = at(moved, "resize_nearest", (32, 32)), at(moved, "resize_nearest", (6, 6))
    yield Limit(
        "RESIZE_NEAREST_NEIGHBOR",
        "whole factors up to 8 and simple fractions",
        factors,
        (at(moved, "resize_nearest", (36, 36)),),
    )
    yield from _moving("MEAN", moved, "mean", (0.2, 0))
    yield Limit(
        "MEAN", "over height and width", (at(moved, "mean", (0.2, 0)),), (at(moved, "mean", (0.2, 0), axes=(1, 3)),)
    )


def _lookups() -> Iterator[Limit]:
    for kind in LOOKUPS:
        yield from _moving(kind, lookup, kind)
        yield Limit(
            kind,
            "int8 to int8",
            (at(lookup, kind),),
            (at(lookup, kind, change=typed(0, INT16)), at(lookup, kind, change=typed(1, INT16))),
        )
    between = at(ends, True, False, between=True)
    yield Limit("QUANTIZE", "as the model's first operator also from float32", (at(ends, True, False),), (between,))
    yield Limit(
        "DEQUANTIZE",
        "as the model's last operator, from int8 to float32",
        (at(ends, True, True),),
        (dequantised_early,),
    )
    ranks = at(softmax, (1, 5)), at(softmax, (1, 3, 5)), at(softmax, (1, 2, 3, 5))
    yield Limit(
        "SOFTMAX", "over the last of two to four dimensions", ranks, (at(softmax, (5,)), at(softmax, (1, 1, 1, 1, 5)))
    )
    yield from _moving("SOFTMAX", softmax, (1, 5))
    yield Limit("SOFTMAX", "up to 4095 classes", (at(softmax, (1, 4095)),), (at(softmax, (1, 4096)),))
    yield Limit("SOFTMAX", "output scale 1/256", (at(softmax, (1, 5)),), (at(softmax, (1, 5), change=rescaled),))


LIMITS = list(_limits())


def check(content: bytes) -> None:
    compile_graph(parse_bytes(content, "model.tflite"))


@pytest.mark.parametrize("limit", LIMITS, ids=lambda one: f"{one.operator}: {one.phrase}")
def test_limits_hold(limit: Limit) -> None:
    assert limit.phrase in next(one.limits for one in READERS.values() if one.name == limit.operator)
    for build in limit.within:
        check(build())
    for build in limit.beyond:
        with pytest.raises(UserError):
            check(build())


def test_no_limit_is_stated_that_is_not_tried() -> None:
    free = (
        "costs nothing",
        "runs as a convolution",
        "it is left out",
        "the board",
        "with the zero point",
        "GlobalAverage",
    )
    for reader in READERS.values():
        tried = [one.phrase for one in LIMITS if one.operator == reader.name]
        left = reader.limits
        for phrase in sorted(tried, key=len, reverse=True):
            left = left.replace(phrase, "")
        pieces = [piece.strip(" ();:,") for piece in left.replace(";", ",").split(",")]
        assert all(not piece or any(word in piece for word in free) for piece in pieces), (reader.name, pieces)


def _run(*arguments: str) -> str:
    command = [sys.executable, "-m", "firmware_gen", "supported-ops", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_every_promised_operator_is_listed() -> None:
    document = json.loads(_run("--json"))
    assert {one["name"] for one in document["operators"]} == PROMISED
    assert all(one["limits"] for one in document["operators"])
    assert document["model"] == list(MODEL_LIMITS)
    printed = " ".join(_run().split())
    assert all(name in printed for name in PROMISED)
    assert all(limit.split(",")[0] in printed for limit in MODEL_LIMITS)


def test_limits_of_whole_models_hold() -> None:
    """Those that no other test holds: ends, type of activations, size of a tensor."""
    for shape, reason in (((1, 65_536), "at most 65535 a dimension"), ((1, 2048, 2049, 1), "4194304 bytes a tensor")):
        with pytest.raises(UserError, match=reason):
            check(model(shape, lambda b, x: b.lookup("RELU", x, (0.1, 0))))
    check(model((1, 65_535), lambda b, x: b.lookup("RELU", x, (0.1, 0))))
    with pytest.raises(UserError, match="only int8 activations"):
        check(model((1, 4), lambda b, x: b.lookup("RELU", x, (0.1, 0)), typed(0, INT32)))
