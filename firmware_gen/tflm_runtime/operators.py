"""What TensorFlow Lite Micro has for each builtin operator: how the resolver adds it, and its kernel's file."""

from collections.abc import Iterable, Mapping

from host_bridge.errors import UserError

# kernel file -> operators in it, by their names in the schema.
_FILES: Mapping[str, str] = {
    "activations": "RELU RELU6",
    "add": "ADD",
    "add_n": "ADD_N",
    "arg_min_max": "ARG_MAX ARG_MIN",
    "batch_matmul": "BATCH_MATMUL",
    "batch_to_space_nd": "BATCH_TO_SPACE_ND",
    "broadcast_args": "BROADCAST_ARGS",
    "broadcast_to": "BROADCAST_TO",
    "cast": "CAST",
    "ceil": "CEIL",
    "comparisons": "EQUAL GREATER GREATER_EQUAL LESS LESS_EQUAL NOT_EQUAL",
    "concatenation": "CONCATENATION",
    "conv": "CONV_2D",
    "cumsum": "CUMSUM",
    "depth_to_space": "DEPTH_TO_SPACE",
    "depthwise_conv": "DEPTHWISE_CONV_2D",
    "dequantize": "DEQUANTIZE",
    "div": "DIV",
    "elementwise": "ABS COS LOG LOGICAL_NOT RSQRT SIN SQRT SQUARE",
    "elu": "ELU",
    "embedding_lookup": "EMBEDDING_LOOKUP",
    "exp": "EXP",
    "expand_dims": "EXPAND_DIMS",
    "fill": "FILL",
    "floor": "FLOOR",
    "floor_div": "FLOOR_DIV",
    "floor_mod": "FLOOR_MOD",
    "fully_connected": "FULLY_CONNECTED",
    "gather": "GATHER",
    "gather_nd": "GATHER_ND",
    "hard_swish": "HARD_SWISH",
    "l2_pool_2d": "L2_POOL_2D",
    "l2norm": "L2_NORMALIZATION",
    "leaky_relu": "LEAKY_RELU",
    "log_softmax": "LOG_SOFTMAX",
    "logical": "LOGICAL_AND LOGICAL_OR",
    "logistic": "LOGISTIC",
    "maximum_minimum": "MAXIMUM MINIMUM",
    "mirror_pad": "MIRROR_PAD",
    "mul": "MUL",
    "neg": "NEG",
    "pack": "PACK",
    "pad": "PAD PADV2",
    "pooling": "AVERAGE_POOL_2D MAX_POOL_2D",
    "prelu": "PRELU",
    "quantize": "QUANTIZE",
    "reduce": "MEAN REDUCE_MAX REDUCE_MIN SUM",
    "reshape": "RESHAPE",
    "resize_bilinear": "RESIZE_BILINEAR",
    "resize_nearest_neighbor": "RESIZE_NEAREST_NEIGHBOR",
    "reverse": "REVERSE_V2",
    "round": "ROUND",
    "select": "SELECT_V2",
    "shape": "SHAPE",
    "slice": "SLICE",
    "softmax": "SOFTMAX",
    "space_to_batch_nd": "SPACE_TO_BATCH_ND",
    "space_to_depth": "SPACE_TO_DEPTH",
    "split": "SPLIT",
    "split_v": "SPLIT_V",
    "squared_difference": "SQUARED_DIFFERENCE",
    "squeeze": "SQUEEZE",
    "strided_slice": "STRIDED_SLICE",
    "sub": "SUB",
    "svdf": "SVDF",
    "tanh": "TANH",
    "transpose": "TRANSPOSE",
    "transpose_conv": "TRANSPOSE_CONV",
    "unpack": "UNPACK",
    "zeros_like": "ZEROS_LIKE",
}
KERNEL_FILES = {operator: file for file, operators in _FILES.items() for operator in operators.split()}
"""Kernel file, without its ending, by operator."""

_INT8_ONLY = ("ADD", "AVERAGE_POOL_2D", "CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "MAX_POOL_2D", "SOFTMAX")
_SPELLINGS = {"CUMSUM": "CumSum", "PADV2": "PadV2", "L2_POOL_2D": "L2Pool2D", "SPLIT_V": "SplitV"}
_DECODE_FILES = ("decode", "decode_state", "decode_state_huffman", "decode_state_lut", "decode_state_prune")


def add_call(name: str, *, int8_only: bool) -> str:
    """The resolver's call that adds an operator.

    Args:
        name: in the schema.
        int8_only: whether all of the model's operators of this name work on int8, so that a smaller kernel will do.

    Raises:
        UserError: TensorFlow Lite Micro has no such operator.

    >>> add_call("CONV_2D", int8_only=True)
    'AddConv2D(tflite::Register_CONV_2D_INT8())'
    """
    if name not in KERNEL_FILES:
        raise UserError(f"{name} is no operator of TensorFlow Lite Micro; convert the model without it")
    spelled = _SPELLINGS.get(name) or "".join(word.capitalize() for word in name.split("_")).replace("2d", "2D")
    kernel = f"tflite::Register_{name}_INT8()" if int8_only and name in _INT8_ONLY else ""
    return f"Add{spelled.replace('Matmul', 'MatMul')}({kernel})"


def kernel_files(names: Iterable[str], *, decode: bool) -> tuple[str, ...]:
    """Files of these operators' kernels, and of DECODE, sorted."""
    files = {KERNEL_FILES[name] for name in names}
    return tuple(sorted(files | (set(_DECODE_FILES) if decode else set())))
