"""FULLY_CONNECTED."""

from firmware_gen.graph import FullyConnected, Tensor
from firmware_gen.parse.operators import ACTIVATION_NAMES, OperatorContext, OperatorReader
from firmware_gen.parse.raw import OptionsSpec
from host_bridge.errors import UserError

_BIAS_SCALE_TOLERANCE = 0.02


def _read(context: OperatorContext) -> FullyConnected:
    context.expect_operands(2, 3)
    if context.option("WeightsFormat") != 0:
        raise UserError(f"{context.where} has shuffled weights; the default weights format is supported")
    source, output, weights = context.activation(0), context.output(), context.weights(1)
    if len(weights.shape) != 2:
        raise UserError(f"{context.where} has weights of shape {list(weights.shape)}; (outputs, inputs) is supported")
    if weights.shape != (output.elements, source.elements):
        raise UserError(
            f"{context.where} maps {source.elements} to {output.elements} values with weights {list(weights.shape)}; "
            "batch 1 over the flattened input is supported (put Flatten before Dense)"
        )
    bias = context.bias(2, weights.shape[0])
    if bias is not None and len(weights.scales) == 1:
        _check_bias_scale(context.where, source, weights, bias, output)
    index = None if bias is None else bias.index
    return FullyConnected(source.index, output.index, weights.index, index, context.fused_activation())


def _check_bias_scale(where: str, source: Tensor, weights: Tensor, bias: Tensor, output: Tensor) -> None:
    """Refuse what the reference refuses: a bias scale that is not input scale times weight scale."""
    product = source.scales[0] * weights.scales[0]
    if not abs(product - bias.scales[0]) / output.scales[0] <= _BIAS_SCALE_TOLERANCE:
        raise UserError(
            f"{where} has biases of scale {bias.scales[0]:g} where {product:g} is needed; convert the model again"
        )


READER = OperatorReader(
    code=9,
    name="FULLY_CONNECTED",
    options=OptionsSpec("FullyConnectedOptions", ("WeightsFormat", "FusedActivationFunction")),
    read=_read,
    limits=f"batch 1 over the flattened input, per-tensor or per-channel weights; activation {ACTIVATION_NAMES}",
)
