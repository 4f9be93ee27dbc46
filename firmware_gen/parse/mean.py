"""MEAN over height and width."""

from firmware_gen.graph import Mean
from firmware_gen.parse.operators import OperatorContext, OperatorReader
from host_bridge.errors import UserError


def _read(context: OperatorContext) -> Mean:
    context.expect_operands(2, 2)
    source, output, axes = context.activation(0), context.output(), context.integers(1)
    if len(source.shape) != 4 or sorted(axis % 4 for axis in axes if -4 <= axis < 4) != [1, 2] or len(axes) != 2:
        raise UserError(
            f"{context.where} averages axes {list(axes)} of shape {list(source.shape)}; "
            "height and width of [1, height, width, channels] are supported"
        )
    context.expect_batch_of_one(source)
    channels = source.shape[3]
    if output.shape not in ((1, channels), (1, 1, 1, channels)):
        raise UserError(f"{context.where} writes shape {list(output.shape)}; convert the model again")
    return Mean(source.index, output.index)


READER = OperatorReader(40, "MEAN", None, _read, "over height and width (GlobalAveragePooling2D), batch 1")
