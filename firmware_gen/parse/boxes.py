"""What operators that only move elements share: axes as height, width, channels, and boxes along them."""

from firmware_gen.graph import Part, Run, Tensor
from firmware_gen.parse.operators import OperatorContext
from host_bridge.errors import UserError

_AXES = 3


def whole(size: int, axis: int, target_start: int = 0) -> Run:
    """All ``size`` elements along an axis, from ``target_start`` on."""
    return Run(size, target_start, 1, axis, 0, 1)


def part(tensor: Tensor, runs: dict[int, Run]) -> Part:
    """A box of ``tensor``: all of it, but for the axes in ``runs``."""
    axes = [runs.get(axis, whole(size, axis)) for axis, size in enumerate(tensor.hwc)]
    return Part(tensor.index, (axes[0], axes[1], axes[2]))


def hwc_axis(context: OperatorContext, tensor: Tensor, axis: int) -> int:
    """Which of height, width, channels (0, 1, 2) an axis of a tensor is; negative ones count from the end.

    Raises:
        UserError: it is the batch, or there is no such axis.
    """
    rank = len(tensor.shape)
    position = axis + rank if axis < 0 else axis
    if not 1 <= position < rank:
        raise UserError(
            f"{context.where} works along axis {axis} of shape {list(tensor.shape)}; any but the batch is supported"
        )
    return position - rank + _AXES


def check_movable(context: OperatorContext, *tensors: Tensor) -> None:
    """Refuse tensors that are not batch 1 with up to three dimensions more, and those of another quantisation."""
    for tensor in tensors:
        if not 2 <= len(tensor.shape) <= _AXES + 1 or tensor.shape[0] != 1:
            raise UserError(
                f"{context.where} works on shape {list(tensor.shape)}; batch 1 with 1 to {_AXES} more dimensions "
                "is supported"
            )
        if (tensor.scales, tensor.zero_point) != (tensors[0].scales, tensors[0].zero_point):
            raise UserError(
                f"{context.where} changes scale or zero point; inputs and output of one quantisation are supported"
            )


def check_shape(context: OperatorContext, output: Tensor, hwc: tuple[int, ...]) -> None:
    """Refuse an output whose stated shape is not what the operator yields."""
    if output.hwc != hwc:
        raise UserError(
            f"{context.where} yields {'x'.join(map(str, hwc))} but its output says {list(output.shape)}; "
            "convert the model again"
        )
