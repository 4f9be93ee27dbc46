"""Models with float32 ends: the QUANTIZE that begins them and the DEQUANTIZE that ends them are left out.

That is what converters write around an int8 model unless they are told ``inference_input_type=tf.int8`` and
``inference_output_type=tf.int8``. A board takes and sends the int8 values between them; their scale and zero point are
in the firmware's report, and real value = scale * (int8 - zero point).
"""

from dataclasses import replace
from typing import NoReturn

from firmware_gen.parse.operators import OperatorContext, OperatorReader
from firmware_gen.parse.raw import RawModel, RawOperator
from firmware_gen.parse.tensors import TYPE_FLOAT32, TYPE_INT8
from host_bridge.errors import UserError

_QUANTIZE = 114
_DEQUANTIZE = 6


def without_float_ends(raw: RawModel) -> RawModel:
    """The model between its float32 ends; other models stay as they are."""
    raw = _without_quantize(raw)
    return _without_dequantize(raw)


def _without_quantize(raw: RawModel) -> RawModel:
    readers = [row for row in raw.operators if set(row.inputs) & set(raw.inputs)]
    if len(raw.inputs) != 1 or len(readers) != 1 or not _converts(raw, readers[0], _QUANTIZE, TYPE_FLOAT32, TYPE_INT8):
        return raw
    return _without(raw, readers[0], inputs=readers[0].outputs, outputs=raw.outputs)


def _without_dequantize(raw: RawModel) -> RawModel:
    writers = [row for row in raw.operators if set(row.outputs) & set(raw.outputs)]
    if (
        len(raw.outputs) != 1
        or len(writers) != 1
        or not _converts(raw, writers[0], _DEQUANTIZE, TYPE_INT8, TYPE_FLOAT32)
    ):
        return raw
    return _without(raw, writers[0], inputs=raw.inputs, outputs=writers[0].inputs)


def _converts(raw: RawModel, row: RawOperator, code: int, source: int, target: int) -> bool:
    """Whether an operator turns one tensor of a type into one of another type and the same shape."""
    if row.code != code or len(row.inputs) != 1 or len(row.outputs) != 1:
        return False
    if not all(0 <= index < len(raw.tensors) for index in (*row.inputs, *row.outputs)):
        return False
    one, other = raw.tensors[row.inputs[0]], raw.tensors[row.outputs[0]]
    return (one.type, other.type) == (source, target) and one.shape == other.shape


def _without(raw: RawModel, left_out: RawOperator, inputs: tuple[int, ...], outputs: tuple[int, ...]) -> RawModel:
    rows = tuple(row for row in raw.operators if row is not left_out)
    if not rows:
        raise UserError("nothing but conversions between float32 and int8 is in the model; give one with layers")
    return replace(raw, operators=rows, inputs=inputs, outputs=outputs)


def _refuse(context: OperatorContext) -> NoReturn:
    raise UserError(
        f"{context.where} is not the model's last operator, or not from int8 to float32; layers in float32 are not "
        "supported, convert with full int8 quantisation"
    )


DEQUANTIZE = OperatorReader(
    _DEQUANTIZE, "DEQUANTIZE", None, _refuse,
    "as the model's last operator, from int8 to float32: it is left out, the board sends the int8 values and the "
    "report has their scale and zero point",
)  # fmt: skip
