"""The texts of a project for TensorFlow Lite Micro."""

from dataclasses import dataclass

from firmware_gen.compiled import CompiledModel
from firmware_gen.emit import ModelNames, model_values
from firmware_gen.emit.arrays import byte_array
from firmware_gen.emit.environment import template_environment
from firmware_gen.tflm_runtime.convert import Converted
from firmware_gen.version import TOOL_VERSION

_TEMPLATES = ("fp_model_data.c", "fp_model_data.h", "fp_tflm_model.cc", "fp_tflm_model.h", "fp_tflm_resolver.h")
_PROGRAM_TEMPLATES = ("fp_tflm_programs.c", "fp_tflm_programs.h")


@dataclass(frozen=True)
class Identity:
    """The model that was given: its printable name, SHA-256 in hexadecimal, and known answer."""

    name: str
    sha256: str
    selftest_crc32: int


def render_sources(converted: Converted, identity: Identity) -> dict[str, str]:
    """Text by file name: the model as an array, the resolver, the programs."""
    programs = [_program(number, one) for number, one in enumerate(converted.programs)]
    values = _values(converted, identity) | {"programs": programs}
    names = _TEMPLATES + (_PROGRAM_TEMPLATES if programs else ())
    environment = template_environment()
    sources = {name: environment.get_template(f"tflm/{name}.j2").render(values) for name in names}
    for number, one in enumerate(converted.programs):
        name = _names(number)
        text = model_values(one.graph, one.program, one.plan, one.selftest_crc32, name)
        sources[f"{name.symbol}.c"] = environment.get_template("model/fp_model_data.c.j2").render(text)
    return sources


def _names(number: int) -> ModelNames:
    return ModelNames(f"fp_tflm_program_{number}", "fp_tflm_programs.h", f"FP_TFLM_PROGRAM_{number}")


def _program(number: int, one: CompiledModel) -> dict[str, object]:
    names = _names(number)
    return {
        "symbol": names.symbol,
        "macro": names.macro,
        "arena_bytes": one.plan.arena_bytes,
        "input_bytes": one.program.input_bytes,
        "output_bytes": one.program.output_bytes,
    }


def _values(converted: Converted, identity: Identity) -> dict[str, object]:
    need = converted.need
    return {
        "tool_version": TOOL_VERSION,
        "name": identity.name,
        "sha256": identity.sha256,
        "sha256_array": byte_array("fp_model_sha256", bytes.fromhex(identity.sha256), ""),
        "selftest_crc32": f"0x{identity.selftest_crc32:08x}u",
        "array": byte_array("fp_weights_tflm_model", converted.content, ""),
        "arena_bytes": need.total,
        "arena_comment": f"{need.interpreter} for the interpreter, {need.cmsis_nn} for CMSIS-NN's kernels, rounded up.",
        "registrations": converted.registrations,
        "input_bytes": converted.sizes[0],
        "output_bytes": converted.sizes[1],
    }
