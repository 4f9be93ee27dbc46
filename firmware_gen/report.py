"""``report.json``: what a firmware holds and takes. Every size is in bytes."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from firmware_gen.ram_map.report import RamMapReport
from firmware_gen.stack.report import StackReport

REPORT_VERSION = 2


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TensorReport(_Frozen):
    """The model's input or output; real value = scale * (int8 - zero_point)."""

    name: str
    shape: tuple[int, ...] = Field(description="NHWC, batch first")
    scale: float
    zero_point: int


class WeightReport(_Frozen):
    """Weights of one layer."""

    encoding: str = Field(description="the encoding in flash")
    bytes: int = Field(description="in flash, without requantisation data")
    candidate_bytes: dict[str, int] = Field(description="what each encoding would take")
    candidate_instructions: dict[str, int] = Field(
        {}, description="estimate for the whole layer with each encoding, on a Cortex-M4"
    )
    entropy_bytes: float = Field(0.0, description="zero-order entropy of the gaps plus that of the stored weights")
    total: int = Field(description="number of weights in the model, zeros included")
    kept: int = Field(description="number of weights in the model that are not zero")
    stored: int = Field(0, description="of those, the number in flash; nothing depends on the others")
    channels_dropped: int = Field(0, description="output channels left out, as nothing depends on them")
    requant_bytes: int = Field(description="biases, multipliers and shifts")


class LayerReport(_Frozen):
    """One operator of the model."""

    name: str = Field(description="label of the tensor it writes, from the model")
    op: str = Field(description="operator as TensorFlow Lite names it")
    shape: tuple[int, ...] = Field(description="of the output, NHWC")
    weights: WeightReport | None = Field(description="null where there are none")
    macs_dense: int = Field(description="multiply-accumulates with every weight")
    macs_kept: int = Field(description="multiply-accumulates with the kept weights")
    macs_saved: int = Field(default=0, description="the difference")
    instructions: int | None = Field(
        default=None, description="measured by verify --profile, conversions before the layer included; null otherwise"
    )
    arena_bytes_alive: int = Field(default=0, description="of the arena, in use during the layer's busiest call")
    output_bytes: int = Field(description="of the output in the arena, halo included")
    output_offset: int = Field(description="in the arena")
    scratch_bytes: int = Field(description="in the arena, during this layer only")


class ModelReport(_Frozen):
    """What ``analyze`` knows without a compiler."""

    report_version: int = REPORT_VERSION
    tool_version: str
    model: str = Field(description="name in the firmware")
    model_sha256: str = Field(description="of the .tflite file")
    model_bytes: int = Field(description="size of the .tflite file")
    input: TensorReport
    output: TensorReport
    layers: tuple[LayerReport, ...]
    optimize: str = Field("balanced", description="what encodings were chosen for: speed, size or balanced")
    weight_bytes: int = Field(description="encoded weights of all layers")
    weight_entropy_bytes: float = Field(0.0, description="zero-order entropy of gaps and weights, layer by layer")
    instructions_estimate: int = Field(0, description="of all layers with weights, on a Cortex-M4")
    requant_bytes: int = Field(description="biases, multipliers and shifts of all layers")
    weights_total: int
    weights_kept: int
    arena_bytes: int = Field(description="tensors and scratch, with the slack that kernels may read")
    arena_lower_bound: int = Field(description="bytes alive at the busiest call; no placement needs less")
    ram_map: RamMapReport | None = Field(default=None, description="never null in version 2")


class FitReport(_Frozen):
    """A model against a board, before code is linked: negative figures are what is missing."""

    board: str
    flash_bytes: int = Field(description="size of the board's flash")
    ram_bytes: int = Field(description="size of the RAM region that holds data and stack")
    flash_spare: int = Field(description="flash left for code")
    ram_spare: int = Field(description="RAM left for link buffers, after arena and stack")
    problems: tuple[str, ...] = Field(default=(), description="why it does not fit, and what would help")


class AnalyzeReport(ModelReport):
    """What ``analyze`` prints."""

    supported: bool = Field(default=True, description="false in the document that lists problems instead")
    fit: FitReport | None = Field(description="null without a board")


class FirmwareReport(ModelReport):
    """What ``build`` made; written as ``report.json`` beside the project."""

    board: str
    target: str = Field(description="board or native")
    compiler: str
    flash_bytes: dict[str, int] = Field(description="weights, requant, code (everything else), total")
    ram_bytes: dict[str, int] = Field(description="arena, stack, other, total")
    stack: StackReport | None = Field(default=None, description="null where the program runs on this machine")
    flash_capacity: int = Field(description="of the board")
    ram_capacity: int = Field(description="of the board's RAM region that is used")
    selftest_crc32: str = Field(description="CRC-32 of the known-answer output, 8 hexadecimal digits")
    files: tuple[str, ...] = Field(description="what was built, relative to the project")
    elf: Path = Field(exclude=True, description="the firmware's ELF file; not in report.json")
