"""What the template needs to know of each call: its struct, its arrays, its line in the call list."""

from dataclasses import dataclass

from firmware_gen.emit.arrays import CArray, byte_array, int_array
from firmware_gen.graph import Window
from firmware_gen.program import Call, ConvCall, ConvertCall, Layer, Plan, Plane, PoolCall

_LABEL_LENGTH = 40


@dataclass(frozen=True)
class CStruct:
    """One ``static const`` struct: type, identifier, comment, and (member, initialiser) pairs."""

    type: str
    name: str
    comment: str
    members: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class CLayer:
    """A call as C: arrays and struct it reads, and the expression that runs it."""

    arrays: tuple[CArray, ...]
    struct: CStruct
    expression: str


def _label(layer: Layer) -> str:
    """A model's name for a layer, safe inside a C comment."""
    return "".join(c if c.isalnum() or c in "_.-" else "_" for c in layer.name)[:_LABEL_LENGTH]


def _plane(plane: Plane) -> str:
    """Initialiser of an ``fp_plane``, members in the order of fp_plane.h."""
    values = (
        plane.channels,
        plane.height,
        plane.width,
        plane.row_pitch,
        plane.channel_pitch,
        plane.origin,
        plane.bytes,
    )
    return f"{{{', '.join(str(value) for value in values)}, {plane.zero_point}}}"


def _window(window: Window, activation: tuple[int, int], dilated: bool) -> list[tuple[str, str]]:
    """Members that fp_conv and fp_pool share."""
    pairs = [("kernel", window.kernel), ("stride", window.stride)] + (
        [("dilation", window.dilation)] if dilated else []
    )
    members = [
        (f"{name}_{axis}", size) for name, sizes in pairs for axis, size in zip(("height", "width"), sizes, strict=True)
    ]
    members += [("pad_top", window.padding.top), ("pad_left", window.padding.left)]
    members += [("activation_min", activation[0]), ("activation_max", activation[1])]
    return [(name, str(value)) for name, value in members]


def _conv(number: int, call: ConvCall, plan: Plan) -> CLayer:
    weights, requant = call.weights, call.requant
    what = f"layer {number}, {call.layer.op} {_label(call.layer)}"
    arrays = (
        byte_array(
            f"fp_weights_{number}",
            weights.data,
            f"{what}: {call.kept} of {call.rows.size} kept, {weights.encoding.name}",
        ),
        int_array(f"fp_bias_{number}", requant.bias, f"layer {number}: bias, input zero point folded in"),
        int_array(f"fp_multiplier_{number}", requant.multiplier, f"layer {number}: Q31"),
        int_array(f"fp_shift_{number}", requant.shift, f"layer {number}: left shift"),
    )
    members = (
        ("in", _plane(call.source_plane)),
        ("out", _plane(call.target_plane)),
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
    places = ", ".join(f"arena + {plan.offsets[buffer]}" for buffer in (call.source, call.target, call.scratch))
    struct = CStruct("fp_conv", f"fp_conv_{number}", what, members)
    return CLayer(arrays, struct, f"fp_conv_run(&{struct.name}, {places})")


def _pool(number: int, call: PoolCall, plan: Plan) -> CLayer:
    members = (
        ("in", _plane(call.source_plane)),
        ("out", _plane(call.target_plane)),
        ("kind", f"FP_POOL_{call.kind.upper()}"),
        *_window(call.window, call.activation, dilated=False),
    )
    what = f"layer {number}, {call.layer.op} {_label(call.layer)}"
    struct = CStruct("fp_pool", f"fp_pool_{number}", what, members)
    places = f"arena + {plan.offsets[call.source]}, arena + {plan.offsets[call.target]}"
    return CLayer((), struct, f"fp_pool_run(&{struct.name}, {places})")


def _convert(number: int, call: ConvertCall, plan: Plan) -> CLayer:
    plane = call.plane
    values = (
        plane.channels,
        plane.height,
        plane.width,
        plane.row_pitch,
        plane.channel_pitch,
        plane.origin,
        plane.bytes,
    )
    names = ("channels", "height", "width", "row_pitch", "channel_pitch", "origin", "bytes")
    members = [(name, str(value)) for name, value in zip(names, values, strict=True)]
    members.append(("zero_point", str(plane.zero_point)))
    what = f"layer {number}, {'NHWC to planes' if call.direction == 'from_nhwc' else 'planes to NHWC'}"
    struct = CStruct("fp_plane", f"fp_plane_{number}", what, tuple(members))
    places = f"arena + {plan.offsets[call.source]}, arena + {plan.offsets[call.target]}"
    return CLayer((), struct, f"fp_plane_{call.direction}(&{struct.name}, {places})")


def c_layer(number: int, call: Call, plan: Plan) -> CLayer:
    """C view of call ``number``."""
    if isinstance(call, ConvCall):
        return _conv(number, call, plan)
    if isinstance(call, PoolCall):
        return _pool(number, call, plan)
    return _convert(number, call, plan)
