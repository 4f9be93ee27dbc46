"""ADD: two tensors of one shape, element by element."""

from typing import Literal

from firmware_gen.graph import Binary
from firmware_gen.parse.operators import ACTIVATION_NAMES, OperatorContext, OperatorReader
from firmware_gen.parse.raw import OptionsSpec
from host_bridge.errors import UserError

_LIMITS = f"two activations of one shape (no broadcasting), batch 1; activation {ACTIVATION_NAMES}"


def _read(context: OperatorContext, kind: Literal["ADD"]) -> Binary:
    context.expect_operands(2, 2)
    first, second, output = context.activation(0), context.activation(1), context.output()
    if not first.shape == second.shape == output.shape:
        raise UserError(
            f"{context.where} combines {list(first.shape)} and {list(second.shape)} into {list(output.shape)}; "
            "equal shapes are supported, without broadcasting"
        )
    context.expect_batch_of_one(output)
    return Binary(kind, (first.index, second.index), output.index, context.fused_activation())


ADD = OperatorReader(
    0, "ADD", OptionsSpec("AddOptions", ("FusedActivationFunction",)), lambda context: _read(context, "ADD"), _LIMITS
)
