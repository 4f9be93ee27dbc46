"""AVERAGE_POOL_2D and MAX_POOL_2D."""

from typing import Literal

from firmware_gen.graph import Pool
from firmware_gen.parse.operators import ACTIVATION_NAMES, OperatorContext, OperatorReader
from firmware_gen.parse.raw import OptionsSpec
from firmware_gen.parse.window import read_window
from host_bridge.errors import UserError

_OPTIONS = OptionsSpec(
    "Pool2DOptions", ("Padding", "StrideH", "StrideW", "FilterHeight", "FilterWidth", "FusedActivationFunction")
)
_LIMITS = f"batch 1, kernel/stride up to 255, input and output of one scale; activation {ACTIVATION_NAMES}"


def _read(context: OperatorContext, kind: Literal["average", "max"]) -> Pool:
    context.expect_operands(1, 1)
    source, output = context.activation(0), context.output()
    kernel = (context.option("FilterHeight"), context.option("FilterWidth"))
    window = read_window(context, kernel, (1, 1), source, output)
    if source.shape[3] != output.shape[3]:
        raise UserError(f"{context.where} changes the number of channels; convert the model again")
    if (source.scales, source.zero_point) != (output.scales, output.zero_point):
        raise UserError(
            f"{context.where} changes scale or zero point; input and output of one quantisation are supported"
        )
    return Pool(source.index, output.index, kind, window, context.fused_activation())


AVERAGE = OperatorReader(1, "AVERAGE_POOL_2D", _OPTIONS, lambda context: _read(context, "average"), _LIMITS)
MAX = OperatorReader(17, "MAX_POOL_2D", _OPTIONS, lambda context: _read(context, "max"), _LIMITS)
