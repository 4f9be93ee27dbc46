"""SOFTMAX."""

from firmware_gen.graph import Softmax
from firmware_gen.parse.operators import OperatorContext, OperatorReader
from firmware_gen.parse.raw import OptionsSpec
from host_bridge.errors import UserError

_OUTPUT = ((1 / 256,), -128)
MAX_CHANNELS = 4095  # more equal channels would overflow the sum


def _read(context: OperatorContext) -> Softmax:
    context.expect_operands(1, 1)
    source, output = context.activation(0), context.output()
    if source.shape != output.shape:
        raise UserError(
            f"{context.where} turns {list(source.shape)} into {list(output.shape)}; convert the model again"
        )
    if len(source.shape) not in (2, 3, 4):
        raise UserError(f"{context.where} works on shape {list(source.shape)}; two to four dimensions are supported")
    context.expect_batch_of_one(source)
    if source.shape[-1] > MAX_CHANNELS:
        raise UserError(f"{context.where} has {source.shape[-1]} classes; at most {MAX_CHANNELS} are supported")
    if (output.scales, output.zero_point) != _OUTPUT:
        raise UserError(
            f"{context.where} writes another scale than 1/256 with zero point -128; convert the model again"
        )
    return Softmax(source.index, output.index, context.real_option("Beta"))


READER = OperatorReader(
    25,
    "SOFTMAX",
    OptionsSpec("SoftmaxOptions", ("Beta",)),
    _read,
    f"over the last of two to four dimensions, batch 1, up to {MAX_CHANNELS} classes; output scale 1/256",
)
