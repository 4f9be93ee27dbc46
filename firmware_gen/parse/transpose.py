"""TRANSPOSE."""

from firmware_gen.graph import Part, Rearrange, Run
from firmware_gen.parse.boxes import check_movable, check_shape
from firmware_gen.parse.operators import OperatorContext, OperatorReader
from host_bridge.errors import UserError

_AXES = 3


def _read(context: OperatorContext) -> Rearrange:
    context.expect_operands(2, 2)
    source, output, order = context.activation(0), context.output(), context.integers(1)
    check_movable(context, source, output)
    rank = len(source.shape)
    if sorted(order) != list(range(rank)) or order[0] != 0:
        raise UserError(
            f"{context.where} permutes {rank} dimensions as {list(order)}; any order with the batch first is supported"
        )
    missing = _AXES + 1 - rank
    axes = (*range(missing), *(axis - 1 + missing for axis in order[1:]))
    runs = [Run(source.hwc[axis], 0, 1, axis, 0, 1) for axis in axes]
    check_shape(context, output, tuple(run.count for run in runs))
    return Rearrange(output.index, (Part(source.index, (runs[0], runs[1], runs[2])),), READER.name)


READER = OperatorReader(39, "TRANSPOSE", None, _read, "batch 1, any constant order that leaves the batch first")
