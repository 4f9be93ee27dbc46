"""STRIDED_SLICE."""

from firmware_gen.graph import Part, Rearrange, Run
from firmware_gen.parse.boxes import check_movable, check_shape
from firmware_gen.parse.operators import OperatorContext, OperatorReader
from firmware_gen.parse.raw import OptionsSpec
from host_bridge.errors import UserError

_AXES = 3


def _range(size: int, begin: int | None, end: int | None, stride: int, single: bool) -> range:
    """Indices along one axis; None stands for the end that a mask asks for."""
    if single:
        start = begin or 0
        start += size if start < 0 else 0
        return range(start, start + 1) if 0 <= start < size else range(0)
    return range(*slice(begin, end, stride).indices(size))


def _ranges(context: OperatorContext, shape: tuple[int, ...]) -> list[tuple[range, bool]]:
    """By dimension: indices, and whether the dimension is dropped."""
    operands = [context.integers(slot) for slot in (1, 2, 3)]
    if any(len(operand) != len(shape) for operand in operands) or 0 in operands[2]:
        raise UserError(f"{context.where} does not give begin, end and stride for each dimension; convert it again")
    masks = [context.option(name) for name in ("BeginMask", "EndMask", "ShrinkAxisMask")]
    found = []
    for axis, (size, begin, end, stride) in enumerate(zip(shape, *operands, strict=True)):
        no_begin, no_end, single = (bool(mask >> axis & 1) for mask in masks)
        if single and stride != 1:
            raise UserError(f"{context.where} takes one index of a dimension with stride {stride}; use stride 1")
        found.append((_range(size, None if no_begin else begin, None if no_end else end, stride, single), single))
    return found


def _read(context: OperatorContext) -> Rearrange:
    context.expect_operands(4, 4)
    source, output = context.activation(0), context.output()
    check_movable(context, source, output)
    if context.option("EllipsisMask") or context.option("NewAxisMask"):
        raise UserError(f"{context.where} has an ellipsis or a new axis; plain slices and single indices are supported")
    found = _ranges(context, source.shape)
    if found[0] != (range(1), False) or any(not indices for indices, _ in found):
        raise UserError(f"{context.where} drops the batch or yields nothing; slice the other dimensions only")
    axes = [(range(1), True)] * (_AXES + 1 - len(found)) + found[1:]
    order = sorted(range(_AXES), key=lambda axis: not axes[axis][1])
    taken = [axes[axis][0] for axis in order]
    check_shape(context, output, tuple(len(indices) for indices in taken))
    runs = [
        Run(len(indices), 0, 1, axis, indices.start, indices.step) for axis, indices in zip(order, taken, strict=True)
    ]
    return Rearrange(output.index, (Part(source.index, (runs[0], runs[1], runs[2])),), READER.name)


READER = OperatorReader(
    code=45,
    name="STRIDED_SLICE",
    options=OptionsSpec(
        "StridedSliceOptions", ("BeginMask", "EndMask", "EllipsisMask", "NewAxisMask", "ShrinkAxisMask")
    ),
    read=_read,
    limits="batch 1, constant begin, end and stride, which may be negative; the batch stays",
)
