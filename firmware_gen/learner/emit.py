"""A planned learner as C: data and nothing else."""

from dataclasses import dataclass

from firmware_gen.emit.arrays import CArray, byte_array, short_array
from firmware_gen.emit.environment import template_environment
from firmware_gen.learner.activations import first_writers
from firmware_gen.learner.description import SAMPLE, LayerDescription, LearnerDescription, TensorDescription
from firmware_gen.learner.masks import BakedMask
from firmware_gen.learner.plan import LearnerPlan, sample_bytes
from firmware_gen.version import TOOL_VERSION

LEARNER_FORMAT = 2
TEMPLATES = {
    "fp_learner_data.h": "learner/fp_learner_data.h.j2",
    "fp_learner_data.c": "learner/fp_learner_data.c.j2",
}
_ACTIVATIONS = {"linear": "FP_LINEAR", "relu": "FP_RELU", "relu6": "FP_RELU6"}
_FORMATS = {"uint8": "FP_SAMPLE_U8", "float32": "FP_SAMPLE_FLOAT32"}
Members = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class _CStruct:
    """Members of one struct, and a comment."""

    comment: str
    members: Members


def render_learner(description: LearnerDescription, plan: LearnerPlan, mask: BakedMask | None = None) -> dict[str, str]:
    """C sources of a learner, by file name; the same text for the same learner.

    Args:
        description: the network.
        plan: of :func:`firmware_gen.learner.plan.plan_learner`, for this description and mask.
        mask: baked into the firmware, or None.
    """
    values = {
        "tool_version": TOOL_VERSION,
        "learner_format": LEARNER_FORMAT,
        "name": description.name,
        "sha256": description.sha256,
        "bytes": plan.bytes,
        "second_bytes": plan.second_bytes,
        "arrays": _arrays(description, mask),
        "mask": _mask(mask),
        "tensors": _tensors(description),
        "layers": [_layer(description, plan, position) for position in range(len(description.layers))],
        "spec": _spec(description, plan, mask),
        "plan": _plan(plan),
    }
    environment = template_environment()
    return {name: environment.get_template(template).render(values) for name, template in TEMPLATES.items()}


def _arrays(description: LearnerDescription, mask: BakedMask | None) -> list[CArray]:
    digest = byte_array("fp_learner_sha256", bytes.fromhex(description.sha256), "SHA-256 of the description")
    if mask is None:
        return [digest]
    counts = short_array("fp_learner_counts", mask.counts, "kept elements of each row of each tensor")
    return [digest, counts, short_array("fp_learner_columns", mask.columns, "their columns, row by row")]


def _mask(mask: BakedMask | None) -> Members:
    if mask is None:
        return ()
    return (
        ("counts", "fp_learner_counts"),
        ("columns", "fp_learner_columns"),
        ("values", f"{mask.values}u"),
        ("fingerprint", f"0x{mask.fingerprint:08x}u"),
    )


def _tensors(description: LearnerDescription) -> list[_CStruct]:
    structs, row = [], 0
    for number, tensor in enumerate(description.tensors):
        structs.append(_CStruct(_label(tensor.name), _tensor(number, tensor, row)))
        row += tensor.rows
    return structs


def _tensor(number: int, tensor: TensorDescription, first_row: int) -> Members:
    fields = {
        "number": number,
        "rows": tensor.rows,
        "columns": tensor.columns,
        "first_row": first_row,
        "fan_in": tensor.fan_in,
        "prunable": int(tensor.prunable),
        "decays": 1,
    }
    return _numbers(fields)


def _layer(description: LearnerDescription, plan: LearnerPlan, position: int) -> _CStruct:
    layer = description.layers[position]
    fields = {
        "kernel_height": layer.kernel_size[0],
        "kernel_width": layer.kernel_size[1],
        "stride_height": layer.strides[0],
        "stride_width": layer.strides[1],
        "pad_top": layer.padding[0],
        "pad_left": layer.padding[1],
    }
    ends = {
        "output": plan.activations.outputs[position],
        "output_gradient": plan.activations.gradients.get(position, 0),
        "output_live": _live(description, position),
    }
    operands = {
        name: _operand(description, plan, position, source)
        for name, source in zip(("source", "second"), layer.inputs, strict=False)
    }
    members = (
        ("name", f'"{_label(layer.name)}"'),
        ("kind", f"FP_LAYER_{layer.kind.upper()}"),
        ("activation", _ACTIVATIONS[layer.activation]),
        *_numbers(fields),
        ("in", _shape(layer.in_shape)),
        ("out", _shape(layer.out_shape)),
        ("kernel", _optional(layer.kernel)),
        ("bias", _optional(layer.bias)),
        *operands.items(),
        *_numbers(ends),
    )
    return _CStruct(layer.name, members)


def _operand(description: LearnerDescription, plan: LearnerPlan, position: int, source: int) -> str:
    fields = {
        "values": plan.activations.outputs[source],
        "gradient": plan.activations.gradients.get(source, 0),
        "live": _live(description, source),
        "wanted": int(source != SAMPLE),
        "accumulate": int(_is_later_writer(description, position, source)),
        "rectified": int(_is_rectified(description, source)),
    }
    return "{" + ", ".join(f".{name} = {value}" for name, value in fields.items()) + "}"


def _is_later_writer(description: LearnerDescription, position: int, source: int) -> bool:
    """Whether a later layer's backward pass has written the gradient before this layer's adds to it."""
    return first_writers(description)[source] != position


def _is_rectified(description: LearnerDescription, source: int) -> bool:
    """Whether no gradient passes where the tensor is 0: behind a ReLU, directly or pooled by maxima."""
    if source == SAMPLE:
        return False
    layer: LayerDescription = description.layers[source]
    if layer.activation != "linear":
        return True
    return layer.kind == "max_pool" and _is_rectified(description, layer.inputs[0])


def _live(description: LearnerDescription, source: int) -> int:
    return sum(description.shape_of(other)[2] for other in range(SAMPLE, source))


def _spec(description: LearnerDescription, plan: LearnerPlan, mask: BakedMask | None) -> Members:
    return (
        ("name", f'"{_label(description.name)}"'),
        ("sha256", "fp_learner_sha256"),
        ("layers", "fp_learner_layers"),
        ("tensors", "fp_learner_tensors"),
        ("mask", "NULL" if mask is None else "&fp_learner_baked_mask"),
        ("layer_count", str(len(description.layers))),
        ("tensor_count", str(len(description.tensors))),
        ("classes", str(description.classes)),
        ("sample_format", _FORMATS[plan.purpose.sample_format]),
        ("input", _shape(description.input_shape)),
        ("sample_bytes", f"{sample_bytes(description, plan.purpose)}u"),
        ("sample_scale", f"{plan.purpose.sample_scale!r}f"),
        ("rows", f"{sum(tensor.rows for tensor in description.tensors)}u"),
    )


def _plan(plan: LearnerPlan) -> Members:
    fields = {
        "bytes": plan.bytes,
        "second_bytes": plan.second_bytes,
        **plan.offsets,
        "scratch_bytes": plan.sizes["scratch"],
        "value_capacity": plan.value_capacity,
        "received_bytes": plan.sizes["received"],
        "sample_capacity": plan.purpose.samples,
        "order_capacity": plan.order_capacity,
        "shift_capacity": plan.shift_capacity,
        "activation_floats": plan.activations.floats,
        "output_floats": plan.activations.output_floats,
        "slope_capacity": plan.activations.slopes,
        "live_flags": plan.live_flags,
        "has_residual": int(plan.sizes["residual"] > 0),
    }
    return _numbers(fields)


def _numbers(fields: dict[str, int]) -> Members:
    return tuple((name, f"{value}u") for name, value in fields.items())


def _shape(shape: tuple[int, int, int]) -> str:
    height, width, channels = shape
    return f"{{{channels}u, {height}u, {width}u}}"


def _optional(tensor: int | None) -> str:
    return "FP_NO_TENSOR" if tensor is None else f"{tensor}u"


def _label(text: str) -> str:
    """A name that is safe inside a C comment and string."""
    return "".join(c if c.isalnum() or c in "_.-/ " else "_" for c in text).replace("*/", "__").replace("/*", "__")[:31]
