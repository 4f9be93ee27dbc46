"""Operators that map every byte on its own: activations and requantisation."""

from firmware_gen.graph import Lookup, LookupKind
from firmware_gen.parse.operators import OperatorContext, OperatorReader
from firmware_gen.parse.raw import OptionsSpec
from host_bridge.errors import UserError

_CODES: dict[LookupKind, int] = {
    "RELU": 19, "RELU6": 21, "LOGISTIC": 14, "TANH": 28, "HARD_SWISH": 117, "LEAKY_RELU": 98, "QUANTIZE": 114
}  # fmt: skip

_LIMITS = "int8 to int8, batch 1"
_FLOAT_END = "; as the model's first operator also from float32: it is left out, the board takes int8 values"


def _read(context: OperatorContext, kind: LookupKind) -> Lookup:
    context.expect_operands(1, 1)
    source, output = context.activation(0), context.output()
    if source.shape != output.shape:
        raise UserError(
            f"{context.where} turns {list(source.shape)} into {list(output.shape)}; convert the model again"
        )
    context.expect_batch_of_one(source)
    if kind == "LOGISTIC" and output.zero_point != -128:
        raise UserError(
            f"{context.where} writes zero point {output.zero_point}; -128 is needed, convert the model again"
        )
    alpha = context.real_option("Alpha") if kind == "LEAKY_RELU" else 0.0
    return Lookup(source.index, output.index, kind, alpha)


def _reader(kind: LookupKind, code: int) -> OperatorReader:
    options = OptionsSpec("LeakyReluOptions", ("Alpha",)) if kind == "LEAKY_RELU" else None
    return OperatorReader(
        code, kind, options, lambda context: _read(context, kind), _LIMITS + _FLOAT_END * (kind == "QUANTIZE")
    )


READERS = tuple(_reader(kind, code) for kind, code in _CODES.items())
