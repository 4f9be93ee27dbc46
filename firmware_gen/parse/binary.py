"""ADD, SUB and MUL: two tensors of one shape, element by element."""

from firmware_gen.graph import Binary, BinaryKind
from firmware_gen.parse.operators import ACTIVATION_NAMES, OperatorContext, OperatorReader
from firmware_gen.parse.raw import OptionsSpec
from host_bridge.errors import UserError

_SAME = f"two activations of one shape, batch 1; activation {ACTIVATION_NAMES}"
_LIMITS: dict[BinaryKind, str] = {
    "ADD": _SAME,
    "SUB": _SAME,
    "MUL": f"two activations of one shape, or one of them [1, 1, 1, channels], batch 1; activation {ACTIVATION_NAMES}",
}


def _read(context: OperatorContext, kind: BinaryKind) -> Binary:
    context.expect_operands(2, 2)
    first, second, output = context.activation(0), context.activation(1), context.output()
    if kind == "MUL" and first.shape != output.shape:
        first, second = second, first
    factors = kind == "MUL" and len(output.shape) == 4 and second.shape == (1, 1, 1, output.shape[3])
    if first.shape != output.shape or not (second.shape == output.shape or factors):
        raise UserError(
            f"{context.where} combines {list(first.shape)} and {list(second.shape)} into {list(output.shape)}; "
            "equal shapes are supported, without broadcasting but for MUL by one factor a channel"
        )
    context.expect_batch_of_one(output)
    return Binary(kind, (first.index, second.index), output.index, context.fused_activation())


def _reader(kind: BinaryKind, code: int) -> OperatorReader:
    options = OptionsSpec(f"{kind.capitalize()}Options", ("FusedActivationFunction",))
    return OperatorReader(code, kind, options, lambda context: _read(context, kind), _LIMITS[kind])


_CODES: dict[BinaryKind, int] = {"ADD": 0, "SUB": 41, "MUL": 18}

READERS = tuple(_reader(kind, code) for kind, code in _CODES.items())
