"""``report.json`` of a project for TensorFlow Lite Micro. Every size is in bytes."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from firmware_gen.report import REPORT_VERSION, ModelReport


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ArenaReport(_Frozen):
    """Memory of the interpreter."""

    interpreter: int = Field(description="need on this machine with reference kernels, measured or bounded from that")
    cmsis_nn: int = Field(description="the most that CMSIS-NN's kernels take beyond that")
    reserved: int = Field(description="what the program reserves")


class TflmReport(_Frozen):
    """What a project holds."""

    report_version: int = REPORT_VERSION
    tool_version: str
    runtime: str = "tflm"
    model: str = Field(description="name in the program")
    model_sha256: str = Field(description="of the .tflite file given")
    model_bytes: int = Field(description="size of the .tflite file given")
    converted_bytes: int = Field(description="size of the .tflite file in the program")
    weights: str = Field(description="program, decode or plain")
    operators: tuple[str, ...] = Field(description="what the resolver lists")
    programs: tuple[ModelReport, ...] = Field(description="chains of layers that became custom operators")
    input_bytes: int
    output_bytes: int
    arena: ArenaReport
    selftest_crc32: str
    tflite_micro: str = Field(description="name and version of what ran on this machine")


class TflmFirmwareReport(TflmReport):
    """A project that was compiled as well."""

    board: str
    target: str
    compiler: str
    kernels: str = Field(description="CMSIS-NN, reference, or none of TensorFlow Lite Micro's")
    flash_bytes: dict[str, int] = Field(
        description="weights (the model's file and programs' weights), requant, code, total"
    )
    ram_bytes: dict[str, int] = Field(description="arena (tensors, input and output), stack, other, total")
    flash_capacity: int
    ram_capacity: int
    files: tuple[str, ...] = Field(description="products, in the project folder")
    elf: Path = Field(exclude=True)
