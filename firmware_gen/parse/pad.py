"""PAD."""

from firmware_gen.graph import Rearrange
from firmware_gen.parse.boxes import check_movable, check_shape, hwc_axis, part, whole
from firmware_gen.parse.operators import OperatorContext, OperatorReader
from host_bridge.errors import UserError


def _read(context: OperatorContext) -> Rearrange:
    context.expect_operands(2, 2)
    source, output, amounts = context.activation(0), context.output(), context.integers(1)
    check_movable(context, source, output)
    if len(amounts) != 2 * len(source.shape) or min(amounts) < 0 or any(amounts[:2]):
        raise UserError(
            f"{context.where} pads shape {list(source.shape)} by {list(amounts)}; "
            "two numbers a dimension, none negative, and none for the batch are supported"
        )
    size = list(source.hwc)
    runs = {}
    for dimension in range(1, len(source.shape)):
        before, after = amounts[2 * dimension : 2 * dimension + 2]
        axis = hwc_axis(context, source, dimension)
        runs[axis] = whole(size[axis], axis, before)
        size[axis] += before + after
    check_shape(context, output, tuple(size))
    return Rearrange(output.index, (part(source, runs),), READER.name)


READER = OperatorReader(
    34, "PAD", None, _read, "batch 1, constant padding with the zero point; costs nothing before a convolution"
)
