"""CONCATENATION."""

from firmware_gen.graph import Activation, Rearrange
from firmware_gen.parse.boxes import check_movable, check_shape, hwc_axis, part, whole
from firmware_gen.parse.operators import OperatorContext, OperatorReader
from firmware_gen.parse.raw import MAX_OPERANDS, OptionsSpec
from host_bridge.errors import UserError


def _read(context: OperatorContext) -> Rearrange:
    context.expect_operands(1, MAX_OPERANDS)
    sources = [context.activation(slot) for slot in range(len(context.raw.inputs))]
    output = context.output()
    check_movable(context, output, *sources)
    if context.fused_activation() is not Activation.NONE:
        raise UserError(f"{context.where} has a fused activation; put the activation before or after it")
    axis = hwc_axis(context, sources[0], context.option("Axis"))
    size = list(sources[0].hwc)
    size[axis] = 0
    parts = []
    for source in sources:
        parts.append(part(source, {axis: whole(source.hwc[axis], axis, size[axis])}))
        others = (*size[:axis], *size[axis + 1 :])
        if (*source.hwc[:axis], *source.hwc[axis + 1 :]) != others or len(source.shape) != len(output.shape):
            raise UserError(f"{context.where} joins tensors of different sizes; convert the model again")
        size[axis] += source.hwc[axis]
    check_shape(context, output, tuple(size))
    return Rearrange(output.index, tuple(parts), READER.name)


READER = OperatorReader(
    code=2,
    name="CONCATENATION",
    options=OptionsSpec("ConcatenationOptions", ("Axis", "FusedActivationFunction")),
    read=_read,
    limits="batch 1, any axis but the batch, inputs and output of one scale, no fused activation",
)
