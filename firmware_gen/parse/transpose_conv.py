"""TRANSPOSE_CONV."""

from firmware_gen.graph import TransposeConv
from firmware_gen.parse.operators import ACTIVATION_NAMES, OperatorContext, OperatorReader
from firmware_gen.parse.raw import OptionsSpec
from firmware_gen.parse.window import MAX_WINDOW
from host_bridge.errors import UserError

_SAME = 0
_VALID = 1


def _read(context: OperatorContext) -> TransposeConv:
    context.expect_operands(3, 4)
    shape, weights, source, output = context.integers(0), context.weights(1), context.activation(2), context.output()
    for tensor in (source, output, weights):
        if len(tensor.shape) != 4 or (tensor is not weights and tensor.shape[0] != 1):
            raise UserError(
                f"{context.where} works on shape {list(tensor.shape)}; [1, height, width, channels] is supported"
            )
    channels, height, width, depth = weights.shape
    if shape != output.shape or (depth, channels) != (source.shape[3], output.shape[3]):
        raise UserError(
            f"{context.where} maps {list(source.shape)} to {list(output.shape)} with weights {list(weights.shape)} "
            f"and output shape {list(shape)}; convert the model again"
        )
    stride = (context.option("StrideH"), context.option("StrideW"))
    if any(not 1 <= size <= MAX_WINDOW for size in (height, width, *stride)):
        raise UserError(
            f"{context.where} has kernel {(height, width)}, stride {stride}; each from 1 to {MAX_WINDOW} is supported"
        )
    cut = tuple(_cut(context, output.shape[axis], (height, width)[axis - 1], stride[axis - 1]) for axis in (1, 2))
    bias = context.bias(3, channels)
    index = None if bias is None else bias.index
    return TransposeConv(
        source.index, output.index, weights.index, index, stride, (cut[0], cut[1]), context.fused_activation()
    )


def _cut(context: OperatorContext, size: int, kernel: int, stride: int) -> int:
    """Rows or columns that the output lacks before its first: what a convolution of the output would pad there."""
    code = context.option("Padding")
    if code not in (_SAME, _VALID):
        raise UserError(f"{context.where} has padding {code}; SAME and VALID are supported")
    steps = -(-size // stride) if code == _SAME else (size + stride - kernel) // stride
    return max((steps - 1) * stride + kernel - size, 0) // 2


READER = OperatorReader(
    code=67,
    name="TRANSPOSE_CONV",
    options=OptionsSpec("TransposeConvOptions", ("Padding", "StrideH", "StrideW", "FusedActivationFunction")),
    read=_read,
    limits="batch 1, kernel/stride up to 255, per-tensor or per-channel weights; runs as a convolution over the input "
    f"spread out by the stride; activation {ACTIVATION_NAMES}",
)
