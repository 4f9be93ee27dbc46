"""What the template needs to know of each call: its struct, its arrays, its line in the call list."""

from firmware_gen.emit.arithmetic import arithmetic_layer
from firmware_gen.emit.arrays import byte_array, int_array
from firmware_gen.emit.copies import copy_layer
from firmware_gen.emit.structs import (
    CLayer,
    CStruct,
    bounds,
    nested,
    places,
    plane_initialiser,
    plane_members,
    what,
)
from firmware_gen.graph import Window
from firmware_gen.program import ArithmeticCall, Call, ConvCall, ConvertCall, CopyCall, Plan, PoolCall, Sum


def _window(window: Window, activation: tuple[int, int], dilated: bool) -> list[tuple[str, str]]:
    """Members that fp_conv and fp_pool share."""
    pairs = [("kernel", window.kernel), ("stride", window.stride)] + (
        [("dilation", window.dilation)] if dilated else []
    )
    members = [
        (f"{name}_{axis}", size) for name, sizes in pairs for axis, size in zip(("height", "width"), sizes, strict=True)
    ]
    members += [("pad_top", window.padding.top), ("pad_left", window.padding.left)]
    return [(name, str(value)) for name, value in members] + bounds(activation)


def _conv(number: int, call: ConvCall, plan: Plan) -> CLayer:
    weights, requant = call.weights, call.requant
    comment = what(number, call.layer)
    arrays = (
        byte_array(
            f"fp_weights_{number}",
            weights.data,
            f"{comment}: {call.kept} of {call.rows.size} kept, {weights.encoding.name}",
        ),
        int_array(f"fp_bias_{number}", requant.bias, f"layer {number}: bias, input zero point folded in"),
        int_array(f"fp_multiplier_{number}", requant.multiplier, f"layer {number}: Q31"),
        int_array(f"fp_shift_{number}", requant.shift, f"layer {number}: left shift"),
    )
    members = (
        ("in", plane_initialiser(call.source_plane)),
        ("out", plane_initialiser(call.target_plane)),
        ("weights", arrays[0].name),
        ("weight_bytes", f"{len(weights.data)}u"),
        ("bias", arrays[1].name),
        ("multiplier", arrays[2].name),
        ("shift", arrays[3].name),
        ("encoding", weights.encoding.c_name),
        ("per_channel", "1" if len(requant.multiplier) > 1 else "0"),
        *_window(call.window, call.activation, dilated=True),
        ("groups", str(call.groups)),
        ("max_taps", f"{call.max_taps}u"),
    )
    struct = CStruct("fp_conv", f"fp_conv_{number}", comment, members)
    if call.sum is not None:
        return _conv_add(number, call, call.sum, CLayer(arrays, struct, ""), plan)
    return CLayer(
        arrays, struct, f"fp_conv_run(&{struct.name}, {places(plan, call.source, call.target, call.scratch)})"
    )


def _conv_add(number: int, call: ConvCall, added: Sum, conv: CLayer, plan: Plan) -> CLayer:
    """The convolution's arrays, and one struct of both."""
    add = arithmetic_layer(number, added.add, plan)
    members = (
        ("conv", nested(conv.struct)),
        ("add", nested(add.struct)),
        ("conv_is_first", "1" if added.conv_is_first else "0"),
    )
    struct = CStruct("fp_conv_add", f"fp_conv_add_{number}", conv.struct.comment, members)
    where = places(plan, call.source, added.other, call.target, call.scratch)
    return CLayer(conv.arrays, struct, f"fp_conv_add_run(&{struct.name}, {where})")


def _pool(number: int, call: PoolCall, plan: Plan) -> CLayer:
    members = (
        ("in", plane_initialiser(call.source_plane)),
        ("out", plane_initialiser(call.target_plane)),
        ("kind", f"FP_POOL_{call.kind.upper()}"),
        *_window(call.window, call.activation, dilated=False),
    )
    struct = CStruct("fp_pool", f"fp_pool_{number}", what(number, call.layer), members)
    return CLayer((), struct, f"fp_pool_run(&{struct.name}, {places(plan, call.source, call.target)})")


def _convert(number: int, call: ConvertCall, plan: Plan) -> CLayer:
    comment = f"layer {number}, {'NHWC to planes' if call.direction == 'from_nhwc' else 'planes to NHWC'}"
    struct = CStruct("fp_plane", f"fp_plane_{number}", comment, plane_members(call.plane))
    return CLayer((), struct, f"fp_plane_{call.direction}(&{struct.name}, {places(plan, call.source, call.target)})")


def c_layer(number: int, call: Call, plan: Plan) -> CLayer:
    """C view of call ``number``."""
    if isinstance(call, ConvCall):
        return _conv(number, call, plan)
    if isinstance(call, PoolCall):
        return _pool(number, call, plan)
    if isinstance(call, ArithmeticCall):
        return arithmetic_layer(number, call, plan)
    if isinstance(call, CopyCall):
        return copy_layer(number, call, plan)
    return _convert(number, call, plan)
