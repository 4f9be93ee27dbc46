"""The C of a library's models."""

import numpy as np

from firmware_gen.compiled import CompiledModel
from firmware_gen.emit import ModelNames, model_values
from firmware_gen.emit.environment import template_environment
from firmware_gen.graph import Tensor
from firmware_gen.library.names import CNames
from firmware_gen.version import TOOL_VERSION


def render_net(model: CompiledModel, names: CNames) -> tuple[str, str]:
    """Header and source of a model: its data, its calls and the two functions."""
    model_names = ModelNames(f"{names.stem}_model", f"{names.stem}.h", names.macro)
    values = model_values(model.graph, model.program, model.plan, model.selftest_crc32, model_names)
    tensors = model.graph.tensors
    values |= {
        "c": names,
        "ends": (
            _end("input", tensors[model.graph.input]),
            _end("output", tensors[model.graph.output]),
        ),
    }
    environment = template_environment()
    header = environment.get_template("library/fp_net.h.j2").render(values)
    data = environment.get_template("model/fp_model_data.c.j2").render(values)
    return header, data + environment.get_template("library/fp_net_functions.c.j2").render(values)


def render_config(left_out: tuple[str, ...]) -> str:
    """``fp_config.h``: macros that are 0."""
    template = template_environment().get_template("library/fp_config.h.j2")
    return template.render(tool_version=TOOL_VERSION, left_out=left_out)


def float_literal(value: float) -> str:
    """A C ``float`` literal that reads back as the same float32."""
    digits = np.format_float_scientific(np.float32(value), unique=True, exp_digits=1)
    return f"{digits.replace('.e', '.0e')}f"


def _end(name: str, tensor: Tensor) -> dict[str, object]:
    """What the header says of the input or output."""
    return {
        "name": name,
        "macro": name.upper(),
        "shape": "x".join(str(size) for size in tensor.shape),
        "bytes": tensor.elements,
        "scale": float_literal(tensor.scales[0]),
        "zero_point": f"({tensor.zero_point})" if tensor.zero_point < 0 else str(tensor.zero_point),
    }
