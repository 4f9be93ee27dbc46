"""RESHAPE, SQUEEZE and EXPAND_DIMS: the same bytes under another shape."""

from firmware_gen.graph import Reshape
from firmware_gen.parse.operators import OperatorContext, OperatorReader
from host_bridge.errors import UserError


def _read(context: OperatorContext) -> Reshape:
    context.expect_operands(1, 2)
    source, output = context.activation(0), context.output()
    if source.elements != output.elements:
        raise UserError(
            f"{context.where} turns {list(source.shape)} into {list(output.shape)}, another number of elements"
        )
    if (source.scales, source.zero_point) != (output.scales, output.zero_point):
        raise UserError(
            f"{context.where} changes scale or zero point; input and output of one quantisation are supported"
        )
    return Reshape(source.index, output.index)


_LIMITS = "batch 1, fixed output shape; costs nothing before FULLY_CONNECTED"
READER = OperatorReader(22, "RESHAPE", None, _read, _LIMITS)
SQUEEZE = OperatorReader(43, "SQUEEZE", None, _read, _LIMITS)
EXPAND_DIMS = OperatorReader(70, "EXPAND_DIMS", None, _read, _LIMITS)
