"""A firmware's report with what was measured on a board."""

from device_sim.report import ProfileReport
from firmware_gen.ram_map.report import RamMapReport
from firmware_gen.report import FirmwareReport


def with_profile(firmware: FirmwareReport, profile: ProfileReport, stack_used: int | None) -> FirmwareReport:
    """The report with instructions of layers and calls, and with the deepest stack use."""
    layers = tuple(
        layer.model_copy(update={"instructions": measured.instructions})
        for layer, measured in zip(firmware.layers, profile.layers, strict=True)
    )
    stack = None if firmware.stack is None else firmware.stack.model_copy(update={"measured_bytes": stack_used})
    ram_map = None if firmware.ram_map is None else _timed(firmware.ram_map, profile)
    return firmware.model_copy(update={"layers": layers, "stack": stack, "ram_map": ram_map})


def _timed(ram_map: RamMapReport, profile: ProfileReport) -> RamMapReport:
    pairs = zip(ram_map.arena.calls, profile.calls, strict=True)
    calls = tuple(call.model_copy(update={"instructions": instructions}) for call, instructions in pairs)
    return ram_map.model_copy(update={"arena": ram_map.arena.model_copy(update={"calls": calls})})
