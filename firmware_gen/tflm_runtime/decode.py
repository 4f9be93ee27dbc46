"""TensorFlow Lite Micro's own compression of weights with many zeros: the operator TFLM_DECODE, kind prune.

A constant becomes a bit a weight, most significant bit first, and the values that are not zero; the operator writes the
whole tensor into the arena at every inference. Source: the description in tflite-micro's compression/decode.py and what
its kernel decode_state_prune reads. tflite-micro's own encoder of this kind is a stub.
"""

from copy import copy
from typing import Any

import numpy as np
import numpy.typing as npt

from firmware_gen.tflm_runtime.flatbuffer_model import (
    INT8,
    UINT8,
    FlatModel,
    add_buffer,
    add_tensor,
    constant,
    custom_operator,
    graph_of,
    schema,
)

OPERATOR = "TFLM_DECODE"
OVERHEAD_BYTES = 256
"""What a decoded tensor costs beside its data: two tensors, an operator and their tables in the flatbuffer."""
_HEADER_BYTES = 16
_KIND_PRUNE, _HEADER_VERSION, _PRUNE_VERSION = 2, 1, 1


def encode_prune(weights: npt.NDArray[np.int8]) -> tuple[bytes, bytes]:
    """The encoded tensor and the ancillary data of int8 weights of any shape with zero point 0."""
    flat = weights.reshape(-1)
    start = bytes([_KIND_PRUNE, _HEADER_VERSION, 0, 0, _PRUNE_VERSION])
    header = start.ljust(_HEADER_BYTES, bytes(1))
    return np.packbits(flat != 0).tobytes(), header + flat[flat != 0].tobytes()


def insert_decode(model: FlatModel) -> int:
    """Compress every constant that gets smaller; returns how many.

    A tensor is decoded once for each operator that reads it, right before it, so that it is in the arena no longer than
    that.
    """
    graph = graph_of(model)
    operators, count = [], 0
    for row in graph.operators:
        for slot, tensor in enumerate(row.inputs):
            decode = _decode(model, tensor)
            if decode is not None:
                inputs = list(row.inputs)
                inputs[slot] = decode.outputs[0]
                row.inputs = inputs
                operators.append(decode)
                count += 1
        operators.append(row)
    graph.operators = operators
    return count


def _decode(model: FlatModel, index: int) -> Any:  # noqa: ANN401 - an operator, or None
    """The operator that decodes a constant, where that is worth it."""
    data = constant(model, index)
    if data is None or not _is_prunable(model, index):
        return None
    encoded, ancillary = encode_prune(data.view(np.int8))
    if len(encoded) + len(ancillary) + OVERHEAD_BYTES >= len(data):
        return None
    decoded = copy(graph_of(model).tensors[index])
    decoded.buffer = 0
    inputs = [_bytes_tensor(model, encoded), _bytes_tensor(model, ancillary)]
    return custom_operator(model, OPERATOR, inputs, [add_tensor(model, decoded)], b"")


def _is_prunable(model: FlatModel, index: int) -> bool:
    """Whether a constant is int8 with zero point 0 and quantised along an axis that the kernel knows."""
    tensor = graph_of(model).tensors[index]
    quantisation = tensor.quantization
    if tensor.type != INT8 or quantisation is None or quantisation.scale is None or len(quantisation.scale) == 0:
        return False
    points = quantisation.zeroPoint
    axis = quantisation.quantizedDimension
    known_axis = len(quantisation.scale) == 1 or axis in (0, len(tensor.shape) - 1)
    return known_axis and points is not None and len(points) > 0 and not np.any(points)


def _bytes_tensor(model: FlatModel, data: bytes) -> int:
    tensor = schema().TensorT()
    tensor.shape, tensor.type, tensor.buffer = [len(data)], UINT8, add_buffer(model, data)
    return add_tensor(model, tensor)
