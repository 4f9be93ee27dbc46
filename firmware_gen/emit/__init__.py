"""Renders a placed program as C: data and a thin call list, nothing else."""

from dataclasses import dataclass

from firmware_gen.emit.arrays import byte_array
from firmware_gen.emit.environment import template_environment
from firmware_gen.emit.layers import c_layer
from firmware_gen.graph import Graph
from firmware_gen.program import ARENA_SLACK, Plan, Program
from firmware_gen.version import TOOL_VERSION

MODEL_FORMAT = 2
TEMPLATES = {"fp_model_data.h": "model/fp_model_data.h.j2", "fp_model_data.c": "model/fp_model_data.c.j2"}


@dataclass(frozen=True)
class ModelNames:
    """What a model is called in C.

    Attributes:
        symbol: of its ``fp_model``.
        header: the file that declares it.
        macro: what its macros start with.
    """

    symbol: str = "fp_generated_model"
    header: str = "fp_model_data.h"
    macro: str = "FP_GENERATED"


_FIRMWARE = ModelNames()


def render_model(
    graph: Graph, program: Program, plan: Plan, selftest_crc32: int, *, profile: bool = False
) -> dict[str, str]:
    """C sources of a firmware's model, by file name; the same text for the same model.

    Args:
        graph: names and identifies the model.
        program: its calls.
        plan: where its buffers lie.
        selftest_crc32: of the output for the input of ``fp_model_selftest_input``.
        profile: with the table of calls that fp_profile.h needs.
    """
    values = model_values(graph, program, plan, selftest_crc32, _FIRMWARE) | {"profile": profile}
    environment = template_environment()
    return {name: environment.get_template(template).render(values) for name, template in TEMPLATES.items()}


def model_values(
    graph: Graph, program: Program, plan: Plan, selftest_crc32: int, names: ModelNames
) -> dict[str, object]:
    """What the templates of a model need to know."""
    layers = [c_layer(number, call, plan) for number, call in enumerate(program.calls)]
    return {
        "names": names,
        "profile": False,
        "tool_version": TOOL_VERSION,
        "model_format": MODEL_FORMAT,
        "slack": ARENA_SLACK,
        "name": graph.name,
        "sha256": graph.sha256,
        "sha256_array": byte_array("fp_model_sha256", bytes.fromhex(graph.sha256), "SHA-256 of the .tflite file"),
        "headers": sorted({"fp_plane.h", *(f"{layer.struct.type}.h" for layer in layers)}),
        "layers": layers,
        "arena_bytes": plan.arena_bytes,
        "input_offset": plan.offsets[program.input],
        "input_bytes": program.input_bytes,
        "output_offset": plan.offsets[program.output],
        "output_bytes": program.output_bytes,
        "selftest_crc32": f"0x{selftest_crc32:08x}u",
    }
