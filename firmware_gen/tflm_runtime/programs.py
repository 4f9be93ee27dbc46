"""Chains of layers that become one custom operator each: compressed weights and sparse kernels inside TFLM."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from firmware_gen.compiled import CompiledModel, compile_bytes
from firmware_gen.encodings.choice import Optimize
from firmware_gen.parse import READERS, parse_bytes
from firmware_gen.tflm_runtime.flatbuffer_model import (
    INT8,
    FlatModel,
    activations,
    code_of,
    custom_operator,
    graph_of,
    sub_model,
)
from host_bridge.errors import UserError

OPERATOR = "FP_PROGRAM"
MARK = b"FPP1"
_WITH_WEIGHTS = {3, 4, 9, 67}  # CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED, TRANSPOSE_CONV


@dataclass(frozen=True)
class Chain:
    """Operators ``start`` to ``stop`` (without it) of a model, as a model of their own.

    One int8 tensor goes in and one comes out.
    """

    start: int
    stop: int
    input: int
    output: int
    compiled: CompiledModel


def insert_programs(model: FlatModel, content: bytes, file_name: str, optimize: Optimize) -> list[CompiledModel]:
    """Replace the longest chains that the C runtime computes; returns their programs in order.

    Args:
        model: changed in place.
        content: the bytes it was read from; a chain of everything is exactly these.
        file_name: for messages and names.
        optimize: what encodings are chosen for.
    """
    graph = graph_of(model)
    chains = list(_Finder(model, content, file_name, optimize).chains(0, len(graph.operators)))
    operators, at = [], 0
    for chain in chains:
        options = MARK + bytes.fromhex(chain.compiled.graph.sha256)
        operators += graph.operators[at : chain.start]
        operators.append(custom_operator(model, OPERATOR, [chain.input], [chain.output], options))
        at = chain.stop
    graph.operators = operators + graph.operators[at:]
    return [chain.compiled for chain in chains]


@dataclass(frozen=True)
class _Finder:
    """Looks for chains in a model."""

    model: FlatModel
    content: bytes
    file_name: str
    optimize: Optimize

    def chains(self, start: int, stop: int) -> Iterator[Chain]:
        """The longest chain among operators ``start`` to ``stop``, and those before and behind it."""
        for length in range(stop - start, 0, -1):
            for first in range(start, stop - length + 1):
                found = self._chain(first, first + length)
                if found is not None:
                    yield from self.chains(start, first)
                    yield found
                    yield from self.chains(first + length, stop)
                    return

    @cached_property
    def _is_supported(self) -> list[bool]:
        """By operator; those with several inputs only show in a chain whether they are."""
        rows = graph_of(self.model).operators
        return [
            code_of(self.model, row) in READERS
            and (len(activations(self.model, row.inputs)) != 1 or self._is_readable(at, at + 1))
            for at, row in enumerate(rows)
        ]

    def _is_readable(self, start: int, stop: int) -> bool:
        try:
            parse_bytes(self._part(start, stop), self.file_name)
        except UserError:
            return False
        return True

    def _chain(self, start: int, stop: int) -> Chain | None:
        """These operators as one program, where they form a chain that the runtime computes and that has weights."""
        graph = graph_of(self.model)
        if not {code_of(self.model, row) for row in graph.operators[start:stop]} & _WITH_WEIGHTS:
            return None
        inputs, outputs = _ends(self.model, start, stop)
        if len(inputs) != 1 or len(outputs) != 1 or {graph.tensors[one].type for one in (*inputs, *outputs)} != {INT8}:
            return None
        whole = (start, stop) == (0, len(graph.operators))
        if not whole and not all(self._is_supported[start:stop]):
            return None
        try:
            compiled = compile_bytes(self._part(start, stop), self.file_name, self.optimize)
        except UserError:
            return None
        return Chain(start, stop, inputs[0], outputs[0], compiled)

    def _part(self, start: int, stop: int) -> bytes:
        """Some operators as a file of their own."""
        graph = graph_of(self.model)
        if (start, stop) == (0, len(graph.operators)):
            return self.content
        return sub_model(self.model, graph.operators[start:stop], *_ends(self.model, start, stop))


def _ends(model: FlatModel, start: int, stop: int) -> tuple[list[int], list[int]]:
    """Activations that a range of operators reads from outside, and those of its own that are read outside."""
    graph = graph_of(model)
    inside, outside = graph.operators[start:stop], graph.operators[:start] + graph.operators[stop:]
    written = {one for row in inside for one in row.outputs}
    read = activations(model, (one for row in inside for one in row.inputs))
    wanted = {*graph.outputs, *(one for row in outside for one in row.inputs)}
    return [one for one in read if one not in written], sorted(written & wanted)


def arena_of(row: Any, programs: list[CompiledModel]) -> int:  # noqa: ANN401
    """Scratch bytes of an operator of this kind; 0 for others."""
    options = b"" if row.customOptions is None else bytes(row.customOptions)
    found = [one for one in programs if options == MARK + bytes.fromhex(one.graph.sha256)]
    return found[0].plan.arena_bytes if found else 0
