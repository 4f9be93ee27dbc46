"""A model after every pass: what firmware, libraries and programs of other runtimes are rendered from."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from firmware_gen.encodings import ENCODINGS
from firmware_gen.encodings.choice import Optimize
from firmware_gen.encodings.cost import DEFAULT_CORE
from firmware_gen.graph import Graph
from firmware_gen.parse import parse_bytes, read_model
from firmware_gen.passes import compile_graph
from firmware_gen.program import ConvCall, Plan, Program
from firmware_gen.selftest import selftest_crc32


@dataclass(frozen=True)
class CompiledModel:
    """A model, ready to be rendered; ``content`` is its file."""

    content: bytes
    graph: Graph
    program: Program
    plan: Plan
    optimize: Optimize

    @cached_property
    def selftest_crc32(self) -> int:
        """CRC-32 of the reference's output for the self-test input; takes one inference on this machine.

        Raises:
            UserError: the reference refuses the model.
        """
        return selftest_crc32(self.content, self.graph)


def compile_file(model: Path, optimize: Optimize, core: str = DEFAULT_CORE) -> CompiledModel:
    """Read, parse and lower a model; encodings are chosen for a core as GCC's ``-mcpu`` knows it.

    Raises:
        UserError: the file cannot be read, or the model is not supported.
    """
    return compile_bytes(read_model(model), model.name, optimize, core)


def compile_bytes(content: bytes, file_name: str, optimize: Optimize, core: str = DEFAULT_CORE) -> CompiledModel:
    """The same for the bytes of a file.

    Raises:
        UserError: the model is not supported.
    """
    graph = parse_bytes(content, file_name)
    program, plan = compile_graph(graph, optimize, core)
    return CompiledModel(content, graph, program, plan, optimize)


def unused_decoders(*programs: Program) -> tuple[str, ...]:
    """Macros of the decoders that no layer of these programs needs; set to 0 they leave them out."""
    calls = (call for program in programs for call in program.calls)
    used = {call.weights.encoding.name for call in calls if isinstance(call, ConvCall)}
    return tuple(one.define for one in ENCODINGS if one.define and one.name not in used)
