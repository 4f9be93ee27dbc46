"""Kernel windows: TensorFlow's SAME and VALID padding as explicit numbers."""

from firmware_gen.graph import Padding, Tensor, Window
from firmware_gen.parse.operators import OperatorContext
from host_bridge.errors import UserError

MAX_WINDOW = 255
_SAME = 0
_VALID = 1


def _axis(size: int, kernel: int, stride: int, dilation: int, same: bool) -> tuple[int, int, int]:
    """Output size, padding before and padding after along one axis.

    Padding after is what the last window reads past the input, so it can be less than what TensorFlow pads.
    """
    reach = (kernel - 1) * dilation + 1
    output = -(-size // stride) if same else -(-(size - reach + 1) // stride)
    needed = (output - 1) * stride + reach - size
    before = max(needed, 0) // 2
    return output, before, max(needed - before, 0)


def read_window(
    context: OperatorContext, kernel: tuple[int, int], dilation: tuple[int, int], source: Tensor, output: Tensor
) -> Window:
    """Window of a convolution or pool, checked against the shapes the file states.

    Raises:
        UserError: a size is out of range, an activation is not (1, h, w, c), or the stated output size is another.
    """
    stride = (context.option("StrideH"), context.option("StrideW"))
    if any(not 1 <= size <= MAX_WINDOW for size in (*kernel, *stride, *dilation)):
        raise UserError(
            f"{context.where} has kernel {kernel}, stride {stride}, dilation {dilation}; "
            f"each from 1 to {MAX_WINDOW} is supported"
        )
    for tensor in (source, output):
        if len(tensor.shape) != 4 or tensor.shape[0] != 1:
            raise UserError(
                f"{context.where} works on shape {list(tensor.shape)}; [1, height, width, channels] is supported"
            )
    code = context.option("Padding")
    if code not in (_SAME, _VALID):
        raise UserError(f"{context.where} has padding {code}; SAME and VALID are supported")
    rows, top, bottom = _axis(source.shape[1], kernel[0], stride[0], dilation[0], code == _SAME)
    columns, left, right = _axis(source.shape[2], kernel[1], stride[1], dilation[1], code == _SAME)
    if (rows, columns) != output.shape[1:3] or min(rows, columns) < 1:
        raise UserError(
            f"{context.where} yields {rows}x{columns} but its output says {output.shape[1]}x{output.shape[2]}; "
            "convert the model again"
        )
    if max(top, left, bottom, right) > MAX_WINDOW:
        raise UserError(
            f"{context.where} needs {max(top, left, bottom, right)} rows or columns of padding; at most {MAX_WINDOW}"
        )
    return Window(kernel, stride, dilation, Padding(top, bottom, left, right))
