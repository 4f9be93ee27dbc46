"""What a run did, in words: data, masks, clients, line and server."""

from typing import Any

from pages.text import counted, percent
from trainer.summary.document import RunSummary


def description(summary: RunSummary) -> tuple[tuple[str, str], ...]:
    """Heading and text of each part; parts whose options the summary lacks are left out."""
    options = summary.config
    rows = (
        ("Data", _data(options)),
        ("Masks", _masks(summary)),
        ("Shown", _shown(summary)),
        ("Clients", _clients(options)),
        ("Training", _training(options)),
        ("Line", _line(options)),
        ("Server", _server(options)),
    )
    return tuple((name, text) for name, text in rows if text)


def _data(options: dict[str, Any]) -> str:
    partition = options.get("partition")
    if partition is None:
        return ""
    more = {"dirichlet": f", alpha {options.get('alpha')}", "shards": f", {options.get('shards')} for each client"}
    return f"{options['dataset']}, spread over {options.get('clients')} clients: {partition}{more.get(partition, '')}"


def _masks(summary: RunSummary) -> str:
    if summary.pruner is None and summary.sparsity == 0:
        return "none: the network is dense"
    distinct, clients = summary.masks.distinct, len(summary.partition.counts)
    whose = "one for all clients" if distinct == 1 else f"{distinct} different ones for {counted(clients, 'client')}"
    source = summary.config.get("masks")
    chosen = f", chosen by {summary.pruner}" if summary.pruner else ""
    origin = {"federated": " from the clients' scores together", "personalized": " from each client's own scores"}
    change = "fixed before training" if summary.masks.fixed else "changed while training"
    return f"{whose}{chosen}{origin.get(str(source), '') if chosen else ''}, {change}{_channels(summary)}"


def _channels(summary: RunSummary) -> str:
    compute = summary.compute
    whole = compute is not None and compute.kept_macs == compute.live_macs
    return "; whole channels are removed, what is left is dense" if whole else ""


def _shown(summary: RunSummary) -> str:
    if summary.masks.distinct == 1:
        return ""
    return (
        "float and int8 accuracy, layers and firmware are of the first client's model; accuracy over the rounds is the "
        "mean over the clients' models"
    )


def _clients(options: dict[str, Any]) -> str:
    clients, cohort, drop = options.get("clients"), options.get("cohort"), options.get("drop_rate")
    if clients is None:
        return ""
    asked = "all are asked" if cohort is None or cohort >= clients else f"{cohort} of {clients} are asked"
    silent = f"; each falls silent with a chance of {percent(drop)}" if drop else ""
    late = options.get("late_rate")
    return f"{asked} in each round{silent}{f'; each is late with a chance of {percent(late)}' if late else ''}"


def _training(options: dict[str, Any]) -> str:
    if "local_epochs" not in options:
        return ""
    epochs = counted(options["local_epochs"], "epoch")
    return f"{epochs} a round in batches of {options.get('batch_size')}, learning rate {options.get('learning_rate')}"


def _line(options: dict[str, Any]) -> str:
    return f"values travel as {options['encoding']}" if "encoding" in options else ""


def _server(options: dict[str, Any]) -> str:
    if "aggregator" not in options:
        return ""
    aggregator, optimiser = options["aggregator"], options.get("server_optimiser", "none")
    parts = [f"{aggregator} of the updates"]
    if aggregator == "trimmed-mean":
        parts[0] += f" without {percent(options.get('trim', 0))} at either end"
    if options.get("clip_norm") is not None:
        parts.append(f"each cut to a norm of {options['clip_norm']}")
    if optimiser != "none":
        parts.append(f"then {optimiser} with rate {options.get('server_learning_rate')}")
    if options.get("quorum") is not None:
        parts.append(f"void below {percent(options['quorum'], 0)} of the cohort")
    return ", ".join(parts)
