"""The figures at the top of the page."""

from dataclasses import dataclass

from trainer.report.text import number, percent, size, times
from trainer.summary.document import RunSummary


@dataclass(frozen=True)
class Card:
    """One figure: what it is, its value, and a line that puts it in proportion."""

    label: str
    value: str
    note: str


def cards(summary: RunSummary) -> tuple[Card, ...]:
    """What a reader wants to know first."""
    return (*_accuracy(summary), *_model(summary), *_board(summary))


def _accuracy(summary: RunSummary) -> list[Card]:
    accuracy = summary.accuracy
    drop = 100 * (accuracy.int8 - accuracy.float_)
    found = [
        Card("Accuracy, float", percent(accuracy.float_, 2), "on the test set"),
        Card("Accuracy, int8", percent(accuracy.int8, 2), f"{drop:+.2f} points against float"),
    ]
    if accuracy.device is not None and summary.device is not None:
        found.append(Card("Accuracy, on the board", percent(accuracy.device, 2), f"in {summary.device.emulator}"))
    return found


def _model(summary: RunSummary) -> list[Card]:
    parameters, traffic = summary.parameters, summary.traffic
    kept = f"{number(parameters.prunable_kept)} of {number(parameters.prunable_total)} weights kept"
    return [
        Card("Sparsity", percent(summary.sparsity, 2), kept),
        Card(
            "Traffic",
            size(traffic.bytes_up_per_client),
            f"up per client and round, {times(traffic.dense_bytes_up_per_client, traffic.bytes_up_per_client)} less",
        ),
    ]


def _board(summary: RunSummary) -> list[Card]:
    firmware, device = summary.firmware, summary.device
    if firmware is None or device is None:
        return []
    found = [
        Card("Flash", size(firmware.flash_bytes["total"]), f"{size(firmware.flash_bytes['weights'])} are weights"),
        Card("RAM", size(firmware.ram_bytes["total"]), f"{size(firmware.ram_bytes['arena'])} are activations"),
    ]
    if device.instructions_per_inference is not None:
        note = f"per inference, counted by {device.emulator}"
        found.append(Card("Instructions", number(device.instructions_per_inference), note))
    return found
