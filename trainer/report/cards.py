"""The figures at the top of the page."""

from pages.cards import Card
from pages.text import number, percent, size, times
from trainer.summary.document import RunSummary


def cards(summary: RunSummary) -> tuple[Card, ...]:
    """What a reader wants to know first."""
    return (*_accuracy(summary), _clients(summary), *_model(summary), *_board(summary))


def _accuracy(summary: RunSummary) -> list[Card]:
    accuracy = summary.accuracy
    whose = "the first client's model" if summary.masks.distinct > 1 else ""
    drop = 100 * (accuracy.int8 - accuracy.float_)
    found = [
        Card("Accuracy, float", percent(accuracy.float_, 2), f"{whose} on the test set".lstrip()),
        Card("Accuracy, int8", percent(accuracy.int8, 2), f"{drop:+.2f} points against float"),
    ]
    if accuracy.device is not None and summary.device is not None:
        found.append(Card("Accuracy, on the board", percent(accuracy.device, 2), f"in {summary.device.emulator}"))
    return found


def _clients(summary: RunSummary) -> Card:
    clients = summary.clients
    note = (
        f"on samples like its own; worst {percent(clients.local_worst)}, spread {100 * clients.local_spread:.1f} points"
    )
    return Card("Accuracy, per client", percent(clients.local_mean, 2), note)


def _compute(summary: RunSummary) -> list[Card]:
    compute = summary.compute
    if compute is None:
        return []
    kept = compute.kept_macs[0]
    note = f"per sample, {_less(compute.dense_macs, kept)}"
    return [Card("Multiplications", number(kept), note)]


def _less(dense: float, own: float) -> str:
    return f"{times(dense, own)} less" if own < dense else "as dense FedAvg"


def _model(summary: RunSummary) -> list[Card]:
    parameters, traffic = summary.parameters, summary.traffic
    kept = f"{number(parameters.prunable_kept)} of {number(parameters.prunable_total)} weights kept"
    return [
        Card("Sparsity", percent(summary.sparsity, 2), kept),
        Card(
            "Traffic",
            size(traffic.bytes_up_per_client),
            f"up per client and round, {_less(traffic.dense_bytes_up_per_client, traffic.bytes_up_per_client)}",
        ),
        *_compute(summary),
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
