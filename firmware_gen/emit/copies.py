"""Copies of boxes, as C."""

from firmware_gen.emit.structs import CLayer, CStruct, places, what
from firmware_gen.program import CopyCall, Plan


def copy_layer(number: int, call: CopyCall, plan: Plan) -> CLayer:
    """``fp_copy``."""
    columns = zip(("count", "in_step", "out_step"), zip(*call.axes, strict=True), strict=True)
    members = (
        ("in_bytes", str(call.source_bytes)),
        ("out_bytes", str(call.target_bytes)),
        ("in_offset", str(call.source_offset)),
        ("out_offset", str(call.target_offset)),
        *((name, f"{{{', '.join(str(value) for value in values)}}}") for name, values in columns),
        ("fill", "0" if call.fill is None else "1"),
        ("fill_value", str(call.fill or 0)),
    )
    struct = CStruct("fp_copy", f"fp_copy_{number}", what(number, call.layer), members)
    return CLayer((), struct, f"fp_copy_run(&{struct.name}, {places(plan, call.source, call.target)})")
