"""CONV_2D."""

from firmware_gen.graph import Conv2D
from firmware_gen.parse.operators import ACTIVATION_NAMES, OperatorContext, OperatorReader
from firmware_gen.parse.raw import OptionsSpec
from firmware_gen.parse.window import read_window
from host_bridge.errors import UserError


def _read(context: OperatorContext) -> Conv2D:
    context.expect_operands(2, 3)
    source, output, weights = context.activation(0), context.output(), context.weights(1)
    if len(weights.shape) != 4:
        raise UserError(f"{context.where} has weights of shape {list(weights.shape)}; four dimensions are supported")
    channels, height, width, depth = weights.shape
    dilation = (context.option("DilationHFactor"), context.option("DilationWFactor"))
    window = read_window(context, (height, width), dilation, source, output)
    groups = source.shape[3] // depth
    if depth * groups != source.shape[3] or channels != output.shape[3] or channels % max(groups, 1):
        raise UserError(
            f"{context.where} maps {source.shape[3]} to {output.shape[3]} channels with weights {list(weights.shape)}; "
            "use a number of groups that divides both, such as groups=1"
        )
    bias = context.bias(2, channels)
    index = None if bias is None else bias.index
    return Conv2D(source.index, output.index, weights.index, index, window, context.fused_activation(), groups)


READER = OperatorReader(
    code=3,
    name="CONV_2D",
    options=OptionsSpec(
        "Conv2DOptions",
        ("Padding", "StrideH", "StrideW", "DilationHFactor", "DilationWFactor", "FusedActivationFunction"),
    ),
    read=_read,
    limits=f"batch 1, any number of groups, kernel/stride/dilation up to 255, per-tensor or per-channel weights; "
    f"activation {ACTIVATION_NAMES}",
)
