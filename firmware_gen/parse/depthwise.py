"""DEPTHWISE_CONV_2D."""

from firmware_gen.graph import Conv2D
from firmware_gen.parse.operators import ACTIVATION_NAMES, OperatorContext, OperatorReader
from firmware_gen.parse.raw import OptionsSpec
from firmware_gen.parse.window import read_window
from host_bridge.errors import UserError

_CHANNEL_AXIS = 3


def _read(context: OperatorContext) -> Conv2D:
    context.expect_operands(2, 3)
    source, output, weights = context.activation(0), context.output(), context.weights(1, _CHANNEL_AXIS)
    if len(weights.shape) != 4 or weights.shape[3] != 1:
        raise UserError(
            f"{context.where} has weights of shape {list(weights.shape)}, channels first; "
            "(1, height, width, channels) in the file is supported"
        )
    channels, height, width, _ = weights.shape
    dilation = (context.option("DilationHFactor"), context.option("DilationWFactor"))
    window = read_window(context, (height, width), dilation, source, output)
    multiplier = context.option("DepthMultiplier")
    if channels != output.shape[3] or channels != source.shape[3] * multiplier:
        raise UserError(
            f"{context.where} maps {source.shape[3]} to {output.shape[3]} channels with {channels} kernels and "
            f"depth multiplier {multiplier}; convert the model again"
        )
    bias = context.bias(2, channels)
    index = None if bias is None else bias.index
    return Conv2D(
        source.index, output.index, weights.index, index, window, context.fused_activation(),
        groups=source.shape[3], kind="DEPTHWISE_CONV_2D",
    )  # fmt: skip


READER = OperatorReader(
    code=4,
    name="DEPTHWISE_CONV_2D",
    options=OptionsSpec(
        "DepthwiseConv2DOptions",
        (
            "Padding",
            "StrideH",
            "StrideW",
            "DepthMultiplier",
            "DilationHFactor",
            "DilationWFactor",
            "FusedActivationFunction",
        ),
    ),
    read=_read,
    limits=f"batch 1, any depth multiplier, kernel/stride/dilation up to 255, per-tensor or per-channel weights; "
    f"activation {ACTIVATION_NAMES}",
)
