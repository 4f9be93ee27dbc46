"""Fills a run's summary from what the run left behind."""

import hashlib
from pathlib import PurePath
from typing import Any

import numpy as np

from trainer.config import RunConfig
from trainer.convert import Conversion
from trainer.datasets import Dataset
from trainer.deploy import Deployment
from trainer.engines.fleet import boards_of, learners_of
from trainer.engines.messages import messages_of
from trainer.history import History, RoundRecord
from trainer.int8 import int8_accuracy
from trainer.masks import fingerprint
from trainer.models import load_builder
from trainer.models.network import Network, build_network
from trainer.partitions import Partition
from trainer.prepare import Prepared
from trainer.quantisation import layer_errors
from trainer.summary.boards import FleetSummary, fleet_summary
from trainer.summary.compute import compute_summary
from trainer.summary.document import (
    AccuracySummary,
    ClientsSummary,
    DeviceSummary,
    FirmwareSummary,
    LayerSummary,
    MasksSummary,
    Parameters,
    PartitionSummary,
    RoundSummary,
    RunSummary,
    TrafficSummary,
)
from trainer.summary.messages import messages_summary
from trainer.summary.versions import versions
from trainer.tensors import Masks, TensorSpec, count_kept, count_prunable
from trainer.values import value_count


def build_summary(
    config: RunConfig, prepared: Prepared, history: History, conversion: Conversion, deployment: Deployment | None
) -> RunSummary:
    """Summarise a run; the int8 model's accuracy is measured here.

    Args:
        config: its options.
        prepared: what it started from.
        history: its rounds.
        conversion: the int8 model.
        deployment: the model on a board; None without one.
    """
    specs, masks = prepared.network.specs, history.state.masks[0]
    parameters = _parameters(prepared.full_specs, specs, masks)
    return RunSummary(
        config=_portable(config.model_dump(mode="json")),
        seed=config.seed,
        method=config.method,
        pruner=prepared.pruner,
        masks=_masks(prepared, history),
        sparsity=1 - parameters.prunable_kept / parameters.prunable_total,
        parameters=parameters,
        rounds=tuple(round_summary(record) for record in history.rounds),
        accuracy=_accuracy(prepared, history, conversion, deployment),
        model_sha256=hashlib.sha256(conversion.path.read_bytes()).hexdigest(),
        model_bytes=conversion.bytes,
        firmware=None if deployment is None else FirmwareSummary(**deployment.firmware.model_dump()),
        device=None if deployment is None else _device(deployment),
        clients=_clients(history),
        traffic=_traffic(history, prepared.dense_bytes, conversion.traffic),
        compute=compute_summary(_full_network(config, prepared), prepared.network, history.state.masks),
        layers=_layers(prepared, conversion),
        partition=_partition(prepared.partition, prepared.dataset),
        fleet=_fleet(prepared),
        messages=messages_summary(messages_of(prepared.engine)),
        versions=versions(deployment),
    )


def _full_network(config: RunConfig, prepared: Prepared) -> Network:
    """The model before anything was removed."""
    network = prepared.network
    if network.specs == prepared.full_specs:
        return network
    return build_network(load_builder(config.model), network.input_shape, network.classes)


def _accuracy(
    prepared: Prepared, history: History, conversion: Conversion, deployment: Deployment | None
) -> AccuracySummary:
    return AccuracySummary(
        float=history.clients[0].overall,
        int8=int8_accuracy(conversion.path, prepared.dataset),
        device=None if deployment is None else deployment.accuracy,
    )


def _masks(prepared: Prepared, history: History) -> MasksSummary:
    distinct = len({fingerprint(masks) for masks in {id(masks): masks for masks in history.state.masks}.values()})
    return MasksSummary(fixed=prepared.algorithm.fixed_masks, distinct=distinct)


def _portable(config: dict[str, Any]) -> dict[str, Any]:
    """Options without what is only true on this computer."""
    return {key: PurePath(value).name if _is_absolute(value) else value for key, value in config.items()}


def _is_absolute(value: object) -> bool:
    return isinstance(value, str) and (value.startswith("~") or PurePath(value).is_absolute())


def _parameters(full: tuple[TensorSpec, ...], specs: tuple[TensorSpec, ...], masks: Masks) -> Parameters:
    return Parameters(
        total=sum(spec.size for spec in full),
        kept=value_count(specs, masks),
        prunable_total=count_prunable(full),
        prunable_kept=count_kept(specs, masks),
    )


def round_summary(record: RoundRecord) -> RoundSummary:
    """One round of the summary."""
    return RoundSummary(
        round=record.round,
        accuracy=record.accuracy,
        loss=record.test_loss,
        train_loss=record.loss,
        answered=record.answered,
        asked=record.asked,
        rejected=record.rejected,
        applied=record.applied,
        kept=record.kept,
        bytes_up_per_client=record.bytes_up_per_client,
        bytes_down_per_client=record.bytes_down_per_client,
        seconds=record.seconds,
        cohort=record.cohort,
        unused=record.unused,
        late=record.late,
        bytes_up=record.bytes_up,
        bytes_down=record.bytes_down,
    )


def _fleet(prepared: Prepared) -> FleetSummary | None:
    samples = tuple(map(len, prepared.partition))
    engine = prepared.engine
    return fleet_summary(boards_of(engine), learners_of(engine), samples, prepared.dense_bytes)


def _device(deployment: Deployment) -> DeviceSummary:
    return DeviceSummary(**deployment.verify.model_dump(include=set(DeviceSummary.model_fields)))


def _clients(history: History) -> ClientsSummary:
    local = np.array([client.local for client in history.clients])
    overall = np.array([client.overall for client in history.clients])
    return ClientsSummary(
        local=tuple(local.tolist()),
        overall=tuple(overall.tolist()),
        local_mean=float(local.mean()),
        local_worst=float(local.min()),
        local_spread=float(local.std()),
        overall_mean=float(overall.mean()),
        overall_worst=float(overall.min()),
        overall_spread=float(overall.std()),
    )


def _traffic(history: History, dense_bytes: int, quantisation: int) -> TrafficSummary:
    up = [record.bytes_up_per_client for record in history.rounds]
    down = [record.bytes_down_per_client for record in history.rounds]
    return TrafficSummary(
        bytes_up_per_client=round(float(np.mean(up))),
        bytes_down_per_client=round(float(np.mean(down))),
        dense_bytes_up_per_client=dense_bytes,
        dense_bytes_down_per_client=dense_bytes,
        total_bytes=sum(record.bytes_up + record.bytes_down for record in history.rounds),
        dense_total_bytes=sum((r.answered + r.asked) * dense_bytes for r in history.rounds),
        quantisation_bytes=quantisation,
    )


def _layers(prepared: Prepared, conversion: Conversion) -> tuple[LayerSummary, ...]:
    full = {spec.name: spec for spec in prepared.full_specs}
    errors = {error.name: error for error in layer_errors(prepared.network, conversion, prepared.dataset)}
    return tuple(
        LayerSummary(
            name=tensor.name,
            shape=full[tensor.name].shape,
            total=full[tensor.name].size,
            kept=tensor.kept,
            int8_nonzero=tensor.nonzero,
            rounded_to_zero=tensor.rounded_to_zero,
            int8_step=errors[tensor.name].step,
            weight_sqnr_db=errors[tensor.name].weight_sqnr_db,
            output_sqnr_db=errors[tensor.name].output_sqnr_db,
        )
        for tensor in conversion.tensors
    )


def _partition(partition: Partition, dataset: Dataset) -> PartitionSummary:
    classes = len(dataset.classes)
    counts = [np.bincount(dataset.train_y[indices], minlength=classes) for indices in partition]
    return PartitionSummary(classes=dataset.classes, counts=tuple(tuple(int(n) for n in row) for row in counts))
