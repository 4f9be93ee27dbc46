"""The pieces of C that layers are made of."""

from dataclasses import dataclass

from firmware_gen.emit.arrays import CArray
from firmware_gen.program import Layer, Plan, Plane

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


def nested(struct: CStruct) -> str:
    """Initialiser of a struct within another."""
    members = "".join(f"        .{member} = {value},\n" for member, value in struct.members)
    return f"{{\n{members}    }}"


def label(layer: Layer) -> str:
    """A model's name for a layer, safe inside a C comment."""
    return "".join(c if c.isalnum() or c in "_.-" else "_" for c in layer.name)[:_LABEL_LENGTH]


PLANE_MEMBERS = ("channels", "height", "width", "row_pitch", "channel_pitch", "origin", "bytes", "zero_point")
"""Members of ``fp_plane``, in the order of fp_plane.h; :class:`Plane` has the same names."""


def plane_members(plane: Plane) -> tuple[tuple[str, str], ...]:
    """Members of an ``fp_plane`` and their values."""
    return tuple((name, str(getattr(plane, name))) for name in PLANE_MEMBERS)


def plane_initialiser(plane: Plane) -> str:
    """Initialiser of an ``fp_plane``."""
    return f"{{{', '.join(value for _, value in plane_members(plane))}}}"


def places(plan: Plan, *buffers: int) -> str:
    """Arguments of a call: where buffers lie in the arena."""
    return ", ".join(f"arena + {plan.offsets[buffer]}" for buffer in buffers)


def what(number: int, layer: Layer) -> str:
    """Comment that names a layer."""
    return f"layer {number}, {layer.op} {label(layer)}"


def bounds(activation: tuple[int, int]) -> list[tuple[str, str]]:
    """Members for the range of an output."""
    return [("activation_min", str(activation[0])), ("activation_max", str(activation[1]))]
