"""Operators without weights that compute, as C."""

import numpy as np

from firmware_gen.emit.arrays import int_array
from firmware_gen.emit.structs import CLayer, CStruct, bounds, places, plane_initialiser, what
from firmware_gen.program import AddCall, ArithmeticCall, LookupCall, MeanCall, MulCall, Plan, SoftmaxCall


def arithmetic_layer(number: int, call: ArithmeticCall, plan: Plan) -> CLayer:
    """C view of call ``number``."""
    if isinstance(call, SoftmaxCall):
        return _softmax(number, call, plan)
    if isinstance(call, MeanCall):
        return _mean(number, call, plan)
    if isinstance(call, LookupCall):
        return _lookup(number, call, plan)
    if isinstance(call, MulCall):
        return _mul(number, call, plan)
    return _add(number, call, plan)


def _add(number: int, call: AddCall, plan: Plan) -> CLayer:
    terms = zip(("first", "second", "sum"), call.multipliers, strict=True)
    members = (
        ("first", plane_initialiser(call.source_plane)),
        ("second", plane_initialiser(call.other_plane)),
        ("out", plane_initialiser(call.target_plane)),
        *((f"{name}_scale", f"{{{multiplier}, {shift}}}") for name, (multiplier, shift) in terms),
        *bounds(call.activation),
        ("subtract", "1" if call.subtract else "0"),
    )
    struct = CStruct("fp_add", f"fp_add_{number}", what(number, call.layer), members)
    return CLayer((), struct, f"fp_add_run(&{struct.name}, {places(plan, call.source, call.other, call.target)})")


def _mul(number: int, call: MulCall, plan: Plan) -> CLayer:
    members = (
        ("first", plane_initialiser(call.source_plane)),
        ("second", plane_initialiser(call.other_plane)),
        ("out", plane_initialiser(call.target_plane)),
        ("scale", f"{{{call.scale[0]}, {call.scale[1]}}}"),
        *bounds(call.activation),
    )
    struct = CStruct("fp_mul", f"fp_mul_{number}", what(number, call.layer), members)
    return CLayer((), struct, f"fp_mul_run(&{struct.name}, {places(plan, call.source, call.other, call.target)})")


def _softmax(number: int, call: SoftmaxCall, plan: Plan) -> CLayer:
    table = int_array(f"fp_exponentials_{number}", call.exponentials, f"layer {number}: exp of a distance, Q31")
    members = (
        ("in", plane_initialiser(call.source_plane)),
        ("out", plane_initialiser(call.target_plane)),
        ("exponentials", table.name),
        ("count", str(len(call.exponentials))),
    )
    struct = CStruct("fp_softmax", f"fp_softmax_{number}", what(number, call.layer), members)
    return CLayer((table,), struct, f"fp_softmax_run(&{struct.name}, {places(plan, call.source, call.target)})")


def _mean(number: int, call: MeanCall, plan: Plan) -> CLayer:
    members = (
        ("in", plane_initialiser(call.source_plane)),
        ("out", plane_initialiser(call.target_plane)),
        ("scale", f"{{{call.scale[0]}, {call.scale[1]}}}"),
    )
    struct = CStruct("fp_mean", f"fp_mean_{number}", what(number, call.layer), members)
    return CLayer((), struct, f"fp_mean_run(&{struct.name}, {places(plan, call.source, call.target)})")


def _lookup(number: int, call: LookupCall, plan: Plan) -> CLayer:
    table = int_array(f"fp_table_{number}", np.roll(call.table, 128), f"layer {number}: for 0..127, then -128..-1")
    members = (
        ("in", plane_initialiser(call.source_plane)),
        ("out", plane_initialiser(call.target_plane)),
        ("table", table.name),
    )
    struct = CStruct("fp_lookup", f"fp_lookup_{number}", what(number, call.layer), members)
    return CLayer((table,), struct, f"fp_lookup_run(&{struct.name}, {places(plan, call.source, call.target)})")
