"""``summary.json``: what a run did and what came of it. No dates, no absolute paths.

Shares and accuracies are 0 to 1, losses mean cross-entropy in nats, traffic bytes on the line with frame headers,
CRC and escapes. A run without a board (``--board none``) has null for ``firmware``, ``device`` and the accuracy there.
"""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from firmware_gen.report import FirmwareReport
from host_bridge.atomic import write_whole
from trainer.summary.boards import FleetSummary
from trainer.summary.messages import MessageSummary

SUMMARY_VERSION = 3


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", serialize_by_alias=True, validate_by_name=True)


class Parameters(_Frozen):
    """Trainable parameters of the model, biases included."""

    total: int
    kept: int = Field(description="under the mask, with every parameter that is not prunable")
    prunable_total: int = Field(description="weights that a mask may drop")
    prunable_kept: int


class RoundSummary(_Frozen):
    """One federated round."""

    round: int = Field(description="from 1")
    accuracy: float = Field(description="of the global model on the test set, after the round")
    loss: float = Field(description="of the global model on the test set")
    train_loss: float | None = Field(description="mean over the clients, weighted by samples; null if none answered")
    answered: int = Field(description="clients whose update was used")
    asked: int = Field(description="clients in the cohort")
    rejected: tuple[str, ...] = Field(description="updates that were not used, in words that name the client")
    applied: bool = Field(description="whether the quorum was reached, so that the round changed the model")
    kept: int = Field(description="prunable weights that the (first client's) mask keeps")
    bytes_up_per_client: int = Field(description="mean over the clients that sent anything, to the server")
    bytes_down_per_client: int = Field(description="mean over the clients, from server to client")
    seconds: float = Field(description="wall-clock time on the computer that ran it")
    cohort: tuple[int, ...] | None = Field(default=None, description="clients that were asked, from 0; null for all")
    unused: tuple[int, ...] = Field(default=(), description="clients of the cohort whose update was not used")
    late: int = Field(default=0, description="clients whose update came after the round was over")
    bytes_up: int = Field(default=0, description="all bytes to the server, those of late and refused updates too")
    bytes_down: int = Field(default=0, description="all bytes to the clients of the cohort")


class AccuracySummary(_Frozen):
    """Share of test samples that the final model gets right; the first client's, where each has its own."""

    float_: float = Field(alias="float", description="float32, TensorFlow; before any quantisation-aware rounds")
    int8: float = Field(description="int8, on the host")
    device: float | None = Field(description="int8, from the outputs that the board sent")


class ClientsSummary(_Frozen):
    """How the final model serves the clients, as shares of test samples that it gets right."""

    local: tuple[float, ...] = Field(description="for each client, on test samples distributed like its own")
    overall: tuple[float, ...] = Field(description="for each client, its own model on the whole test set")
    local_mean: float
    local_worst: float
    local_spread: float = Field(description="standard deviation over the clients")
    overall_mean: float
    overall_worst: float
    overall_spread: float


class FirmwareSummary(FirmwareReport):
    """The firmware's ``report.json``."""

    elf: Path = Field(default=Path("build/firmware.elf"), exclude=True, description="not in the summary")


class DeviceSummary(_Frozen):
    """The test set on the board."""

    board: str
    emulator: str
    machine: str = Field(description="what exactly was emulated")
    oracle: str = Field(description="what the outputs were compared with")
    samples: int = Field(description="test samples sent over the serial link")
    mismatched_samples: int = Field(description="samples whose output differs from the oracle's in at least one byte")
    instructions_per_inference: int | None = Field(description="median; null where they are not counted")
    stack_used_bytes: int | None = Field(description="deepest use; null where it is not measured")


class TrafficSummary(_Frozen):
    """Bytes for one client and round, against dense FedAvg of the same model in the same frames."""

    bytes_up_per_client: int = Field(description="mean over clients and rounds")
    bytes_down_per_client: int = Field(description="mean over clients and rounds")
    dense_bytes_up_per_client: int
    dense_bytes_down_per_client: int
    total_bytes: int = Field(description="all clients, all rounds, both directions")
    dense_total_bytes: int
    quantisation_bytes: int = Field(
        default=0, description="all clients, both directions: rounds of quantisation-aware training; not in total_bytes"
    )


class LayerSummary(_Frozen):
    """One prunable tensor."""

    name: str
    shape: tuple[int, ...] = Field(description="as Keras stores it")
    total: int = Field(description="number of weights")
    kept: int = Field(description="weights that the mask keeps")
    int8_nonzero: int = Field(description="weights that are not zero in the int8 model")
    rounded_to_zero: int = Field(description="kept weights that are zero in the int8 model")
    int8_step: float | None = Field(
        default=None, description="real value of a step of the int8 weights; the largest over the output channels"
    )
    weight_sqnr_db: float | None = Field(
        default=None,
        description="signal-to-quantisation-noise ratio of the weights, normalisation folded; null if undefined",
    )
    output_sqnr_db: float | None = Field(
        default=None, description="the same of what the layer puts out, errors of the layers before included"
    )


class MasksSummary(_Frozen):
    """Whose masks they are. Where clients have masks of their own, figures of one model are of the first client's."""

    fixed: bool = Field(description="whether the method never changes masks once they are chosen")
    distinct: int = Field(description="number of different masks at the end; 1 where all clients share one")


class ComputeSummary(_Frozen):
    """Multiply-accumulates of one sample's forward pass, exact; training takes about three times as many."""

    dense_macs: int = Field(description="of the network before pruning")
    kept_macs: tuple[int, ...] = Field(description="for each client, of the weights that its last mask keeps")
    live_macs: tuple[int, ...] = Field(
        description="for each client, of dense kernels without the channels that its last mask drops entirely"
    )


class PartitionSummary(_Frozen):
    """Which client holds how many training samples of which class."""

    classes: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...] = Field(description="for each client, its training samples by class")


class RunSummary(_Frozen):
    """A whole run."""

    summary_version: int = SUMMARY_VERSION
    config: dict[str, Any] = Field(description="every option; paths are cut down to their last name")
    seed: int
    method: str
    pruner: str | None = Field(description="null where the method does not prune")
    masks: MasksSummary
    sparsity: float = Field(description="achieved: share of prunable weights that are dropped")
    parameters: Parameters
    rounds: tuple[RoundSummary, ...]
    accuracy: AccuracySummary
    clients: ClientsSummary
    model_sha256: str = Field(description="of the int8 .tflite file")
    model_bytes: int = Field(description="size of the int8 .tflite file")
    firmware: FirmwareSummary | None
    device: DeviceSummary | None
    traffic: TrafficSummary
    compute: ComputeSummary | None = Field(description="null where the model has layers that cannot be counted")
    layers: tuple[LayerSummary, ...]
    partition: PartitionSummary
    fleet: FleetSummary | None = Field(default=None, description="clients that were boards; null if none was")
    messages: tuple[MessageSummary, ...] = Field(default=(), description="to clients on other machines, by kind")
    versions: dict[str, str] = Field(description="of everything that decides the figures")


def write_summary(summary: RunSummary, path: Path) -> None:
    """Write ``summary.json`` whole.

    Raises:
        UserError: it cannot be written.
    """
    write_whole(path, summary.model_dump_json(indent=2) + "\n")


def read_summary(path: Path) -> RunSummary:
    """Read a ``summary.json``.

    Raises:
        OSError: it cannot be read.
        pydantic.ValidationError: it is not a summary of this version.
    """
    return RunSummary.model_validate_json(path.read_text(encoding="utf-8"))
