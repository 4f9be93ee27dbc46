"""Operators that work element by element, as C."""

from firmware_gen.emit.structs import CLayer, CStruct, bounds, places, plane_initialiser, what
from firmware_gen.program import AddCall, Plan


def add_layer(number: int, call: AddCall, plan: Plan) -> CLayer:
    """``fp_add``."""
    terms = zip(("first", "second", "sum"), call.multipliers, strict=True)
    members = (
        ("first", plane_initialiser(call.source_plane)),
        ("second", plane_initialiser(call.other_plane)),
        ("out", plane_initialiser(call.target_plane)),
        *((f"{name}_scale", f"{{{multiplier}, {shift}}}") for name, (multiplier, shift) in terms),
        *bounds(call.activation),
    )
    struct = CStruct("fp_add", f"fp_add_{number}", what(number, call.layer), members)
    return CLayer((), struct, f"fp_add_run(&{struct.name}, {places(plan, call.source, call.other, call.target)})")
