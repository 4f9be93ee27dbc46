"""Operators that are not supported: their names, and what to do about the most common ones."""

from functools import cache

from firmware_gen.parse.raw import RawModel, RawOperator

_SHAPES = (
    "it belongs to shapes that are worked out as the model runs, because its batch size is open (a Flatten, say); "
    "export with batch 1, such as keras.Input(shape, batch_size=1)"
)
_STATE = "states and control flow do not fit a list of calls; unroll it or leave it out"
_HOST = "compute it on the host, before or behind the model"
_ADVICE = {
    "SHAPE": _SHAPES,
    "PACK": _SHAPES,
    "FILL": _SHAPES,
    "BATCH_MATMUL": "use Dense layers",
    "SPLIT": "use strided slices",
    "SPLIT_V": "use strided slices",
    "RESIZE_BILINEAR": "use nearest-neighbour interpolation",
    "DENSIFY": "convert without sparse tensors; zeros in int8 weights are found and compressed here",
    "ARG_MAX": _HOST,
    "L2_NORMALIZATION": _HOST,
    "CUSTOM": "custom operators have no code here; replace it by builtin ones",
    "IF": _STATE,
    "WHILE": _STATE,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _STATE,
    "VAR_HANDLE": _STATE,
    "READ_VARIABLE": _STATE,
    "ASSIGN_VARIABLE": _STATE,
}


def unsupported(position: int, row: RawOperator, raw: RawModel, supported: str) -> str:
    """The message for an operator that nobody reads."""
    name = operator_name(row.code)
    outputs = [raw.tensors[i].name for i in row.outputs if 0 <= i < len(raw.tensors)]
    output = f" writing '{outputs[0]}'" if outputs else ""
    advice = _ADVICE.get(name)
    reason = f": {advice}" if advice else f"; supported are {supported}"
    return f"operator {position} is {name}{output}, which is not supported{reason}"


def operator_name(code: int) -> str:
    """Name of a builtin operator code."""
    return _names().get(code, f"operator code {code}")


@cache
def _names() -> dict[int, str]:
    import tflite

    return {value: name for name, value in vars(tflite.BuiltinOperator).items() if isinstance(value, int)}
