"""Fills reports from graphs, programs and plans."""

from pathlib import Path
from typing import TypeGuard

from firmware_gen.boards import Board
from firmware_gen.encodings.choice import DEFAULT, Optimize
from firmware_gen.encodings.cost import DEFAULT_CORE
from firmware_gen.fit import Demand, demand, misfits
from firmware_gen.graph import Graph, Tensor
from firmware_gen.parse import parse_tflite
from firmware_gen.passes import compile_graph
from firmware_gen.program import Call, ConvCall, OperatorCall, Plan, Program
from firmware_gen.ram_map.arena import arena_report, ends_layer
from firmware_gen.ram_map.regions import planned_regions
from firmware_gen.ram_map.report import ArenaReport, RamMapReport, RegionReport
from firmware_gen.report import AnalyzeReport, FitReport, LayerReport, ModelReport, TensorReport, WeightReport
from firmware_gen.version import TOOL_VERSION


def model_report(
    graph: Graph, program: Program, plan: Plan, optimize: Optimize, regions: tuple[RegionReport, ...] = ()
) -> ModelReport:
    """Everything that is known of a model; ``regions`` of a board come from its plan or its linked firmware."""
    arena = arena_report(program, plan)
    reported = [call for call in program.calls if _is_reported(call)]
    layers = tuple(_layer(call, program, plan, _alive(arena, number)) for number, call in enumerate(reported))
    weights = [layer.weights for layer in layers if layer.weights is not None]
    return ModelReport(
        tool_version=TOOL_VERSION,
        model=graph.name,
        model_sha256=graph.sha256,
        model_bytes=graph.file_bytes,
        input=_tensor(graph.tensors[graph.input]),
        output=_tensor(graph.tensors[graph.output]),
        layers=layers,
        optimize=optimize,
        weight_bytes=sum(one.bytes for one in weights),
        weight_entropy_bytes=round(sum(one.entropy_bytes for one in weights), 1),
        instructions_estimate=sum(one.candidate_instructions[one.encoding] for one in weights),
        requant_bytes=sum(one.requant_bytes for one in weights),
        weights_total=sum(one.total for one in weights),
        weights_kept=sum(one.kept for one in weights),
        arena_bytes=plan.arena_bytes,
        arena_lower_bound=plan.lower_bound,
        ram_map=RamMapReport(regions=regions, arena=arena),
    )


def _alive(arena: ArenaReport, layer: int) -> int:
    """Bytes in use during a layer's busiest call."""
    return max(call.alive_bytes for call in arena.calls if call.layer == layer)


def _is_reported(call: Call) -> TypeGuard[OperatorCall]:
    """Once for each operator."""
    return ends_layer(call)


def analyze_model(model: Path, board: Board | None, optimize: Optimize = DEFAULT) -> AnalyzeReport:
    """Read and lower a model; no compiler is needed.

    Args:
        model: an int8 ``.tflite`` file.
        board: what it is to fit, if anything.
        optimize: what encodings are chosen for.

    Raises:
        UserError: the model is not supported.
    """
    graph = parse_tflite(model)
    program, plan = compile_graph(graph, optimize, DEFAULT_CORE if board is None else board.core.cpu)
    fit = None if board is None else fit_report(demand(program, plan), board)
    regions = () if board is None else planned_regions(board, plan.arena_bytes)
    return AnalyzeReport(**model_report(graph, program, plan, optimize, regions).model_dump(), fit=fit)


def fit_report(need: Demand, board: Board) -> FitReport:
    """A model's needs against a board's regions."""
    flash, ram = board.flash[0].bytes, board.ram[0].bytes
    return FitReport(
        board=board.name,
        flash_bytes=flash,
        ram_bytes=ram,
        flash_spare=flash - need.weights - need.requant,
        ram_spare=ram - board.stack_bytes - need.arena,
        problems=tuple(misfits(need, board)),
    )


def _tensor(tensor: Tensor) -> TensorReport:
    return TensorReport(name=tensor.label, shape=tensor.shape, scale=tensor.scales[0], zero_point=tensor.zero_point)


def _layer(call: OperatorCall, program: Program, plan: Plan, alive: int) -> LayerReport:
    return LayerReport(
        name=call.layer.name,
        op=call.layer.op,
        shape=call.layer.shape,
        weights=_weights(call),
        macs_dense=call.layer.macs_dense,
        macs_kept=call.layer.macs_kept,
        macs_saved=call.layer.macs_dense - call.layer.macs_kept,
        arena_bytes_alive=alive,
        output_bytes=program.buffers[call.target].bytes,
        output_offset=plan.offsets[call.target],
        scratch_bytes=program.buffers[call.scratch].bytes if isinstance(call, ConvCall) else 0,
    )


def _weights(call: Call) -> WeightReport | None:
    if not isinstance(call, ConvCall):
        return None
    requant = call.requant
    return WeightReport(
        encoding=call.weights.encoding.name,
        bytes=len(call.weights.data),
        candidate_bytes={one.encoding.name: len(one.data) for one in call.weights.candidates},
        candidate_instructions={one.encoding.name: one.instructions for one in call.weights.candidates},
        entropy_bytes=round(call.weights.entropy_bytes, 1),
        total=call.layer.weights_total,
        kept=call.layer.weights_kept,
        stored=call.kept,
        channels_dropped=call.layer.channels_dropped,
        requant_bytes=requant.bias.nbytes + requant.multiplier.nbytes + requant.shift.nbytes,
    )
