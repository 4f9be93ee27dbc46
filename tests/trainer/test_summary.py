"""``summary.json``: documented keys, nothing of this computer, and nothing lost on the way to a file and back."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from example_summary import example_summary
from pydantic import ValidationError
from small_network import SmallNetwork, make_small_network
from tiny_federation import tiny_dense, tiny_network

from trainer.algorithms import ALGORITHMS, ServerState
from trainer.config import RunConfig
from trainer.convert import Conversion, convert_int8
from trainer.history import ClientAccuracy, History, RoundRecord
from trainer.int8 import int8_accuracy
from trainer.prepare import Prepared
from trainer.summary import RunSummary, build_summary, read_summary, write_summary
from trainer.summary.compute import compute_summary
from trainer.tensors import Masks, all_kept

PARTITION = (np.arange(0, 13), np.arange(13, 20))
DENSE_BYTES = 5000
FAULT = "client 1 sent a second update in round 2"
ROUNDS = (
    RoundRecord(1, 0.5, 1.25, 1.5, 2, 2, (), True, 77, 101, 203, 0.5, bytes_up=201, bytes_down=406),
    RoundRecord(2, 0.625, 1.0, 0.75, 1, 2, (FAULT,), False, 66, 104, 206, 0.25, (0, 1), (1,), 0, 208, 412),
)
CLIENTS = (ClientAccuracy(0.5, 0.75), ClientAccuracy(1.0, 0.25))


@pytest.fixture(scope="module")
def small() -> SmallNetwork:
    return make_small_network()


@pytest.fixture(scope="module")
def conversion(small: SmallNetwork, tmp_path_factory: pytest.TempPathFactory) -> Conversion:
    path = tmp_path_factory.mktemp("summary") / "model.tflite"
    return convert_int8(small.network, small.weights, small.masks, small.dataset, path)


def summarise(
    small: SmallNetwork, conversion: Conversion, masks: tuple[Masks, ...] | None = None, **options: Any
) -> RunSummary:
    config = RunConfig(**{"clients": 2, "rounds": 2, "board": "none", "seed": 9, **options})
    state = ServerState(2, small.network.specs, small.weights, masks or (small.masks, small.masks))
    algorithm = ALGORITHMS.get(config.method)
    pruner = algorithm.pruners[0] if algorithm.pruners else None
    unused: Any = None
    prepared = Prepared(
        small.dataset,
        PARTITION,
        small.network,
        small.network.specs,
        algorithm,
        pruner,
        state,
        engine=unused,
        judge=unused,
        dense_bytes=DENSE_BYTES,
    )
    return build_summary(config, prepared, History(ROUNDS, state, CLIENTS), conversion, None)


def test_documented_keys_are_there() -> None:
    document = json.loads(example_summary().model_dump_json())
    assert document["summary_version"] == 3
    assert {
        *("config", "seed", "method", "pruner", "sparsity", "parameters", "rounds", "accuracy", "firmware", "device"),
        *("clients", "masks", "traffic", "compute", "layers", "partition", "versions"),
    } <= document.keys()
    assert {"total", "kept"} <= document["parameters"].keys()
    assert document["accuracy"].keys() == {"float", "int8", "device"}
    assert {
        *("round", "accuracy", "loss", "train_loss", "answered", "asked", "rejected", "applied", "kept"),
        *(
            "bytes_up_per_client",
            "bytes_down_per_client",
            "seconds",
            "cohort",
            "unused",
            "late",
            "bytes_up",
            "bytes_down",
        ),
    } == document["rounds"][0].keys()
    assert {"local", "local_mean", "local_worst", "local_spread", "overall_mean"} <= document["clients"].keys()
    assert {"samples", "mismatched_samples", "instructions_per_inference", "emulator"} <= document["device"].keys()
    assert {"weights", "code", "total"} <= document["firmware"]["flash_bytes"].keys()
    assert "elf" not in document["firmware"]


def test_it_comes_back_from_a_file_as_it_was(tmp_path: Path) -> None:
    write_summary(example_summary(), tmp_path / "summary.json")
    assert read_summary(tmp_path / "summary.json") == example_summary()


def test_an_unknown_key_is_refused() -> None:
    document = json.loads(example_summary().model_dump_json()) | {"surprise": 1}
    with pytest.raises(ValidationError, match="surprise"):
        RunSummary.model_validate(document)


def test_counts_agree_with_the_masks(small: SmallNetwork, conversion: Conversion) -> None:
    summary = summarise(small, conversion)
    masks = [mask for mask in small.masks if mask is not None]
    total, kept = sum(mask.size for mask in masks), sum(int(mask.sum()) for mask in masks)
    biases = 3 + 12 + 12
    assert summary.parameters.model_dump() == {
        "total": total + biases,
        "kept": kept + biases,
        "prunable_total": total,
        "prunable_kept": kept,
    }
    assert summary.sparsity == pytest.approx((total - kept) / total)
    assert [(one.total, one.kept) for one in summary.layers] == [(mask.size, int(mask.sum())) for mask in masks]


def test_traffic_adds_up_over_clients_and_rounds(small: SmallNetwork, conversion: Conversion) -> None:
    """In the second round two clients were sent values and one answered."""
    traffic = summarise(small, conversion).traffic
    assert traffic.total_bytes == 201 + 406 + 208 + 412
    assert traffic.dense_total_bytes == (2 + 2 + 1 + 2) * DENSE_BYTES
    assert (traffic.bytes_up_per_client, traffic.bytes_down_per_client) == (102, 204)


def test_rounds_say_who_answered_and_what_was_refused(small: SmallNetwork, conversion: Conversion) -> None:
    first, second = summarise(small, conversion).rounds
    assert (first.answered, first.asked, first.rejected, first.applied, first.kept) == (2, 2, (), True, 77)
    assert (second.answered, second.asked, second.rejected, second.applied, second.kept) == (1, 2, (FAULT,), False, 66)
    assert (first.cohort, first.unused, second.cohort, second.unused) == (None, (), (0, 1), (1,))


def test_clients_are_summed_up(small: SmallNetwork, conversion: Conversion) -> None:
    clients = summarise(small, conversion).clients
    assert clients.local == (0.5, 1.0)
    assert (clients.local_mean, clients.local_worst, clients.local_spread) == (0.75, 0.5, 0.25)
    assert clients.overall == (0.75, 0.25)
    assert (clients.overall_mean, clients.overall_worst, clients.overall_spread) == (0.5, 0.25, 0.25)


def test_multiplications_are_counted_under_each_clients_mask(small: SmallNetwork, conversion: Conversion) -> None:
    """A 3x3 convolution over 4x4 positions, then two dense layers; one input channel and two outputs are cut out."""
    conv, hidden, logits = (np.array(small.mask(f"{name}/kernel")) for name in ("conv", "hidden", "logits"))
    own = (conv * [True, False, True], hidden * (np.arange(12) % 3 != 1)[:, None], logits * (np.arange(12) > 1))
    masks = [*small.masks]
    for name, mask in zip(("conv", "hidden", "logits"), own, strict=True):
        masks[small.index(f"{name}/kernel")] = mask
    compute = summarise(small, conversion, masks=(small.masks, tuple(masks))).compute
    assert compute is not None
    assert compute.dense_macs == 16 * 27 + 144 + 144
    assert compute.kept_macs == tuple(
        16 * int(one.sum()) + int(two.sum()) + int(three.sum()) for one, two, three in ((conv, hidden, logits), own)
    )
    assert compute.live_macs[1] == 16 * 9 * 2 + 8 * 12 + 12 * 10


def test_a_network_that_was_made_smaller_is_held_against_the_whole_one(small: SmallNetwork) -> None:
    smaller = tiny_network(tiny_dense)
    compute = compute_summary(small.network, smaller, (all_kept(smaller.specs),) * 3)
    assert compute is not None
    assert compute.dense_macs == 16 * 27 + 144 + 144
    assert compute.kept_macs == compute.live_macs == (16 * 7 + 7 * 5 + 5 * 3,) * 3


def test_masks_are_told_apart(small: SmallNetwork, conversion: Conversion) -> None:
    other = tuple(None if mask is None else ~mask for mask in small.masks)
    assert summarise(small, conversion).masks.model_dump() == {"fixed": True, "distinct": 1}
    assert summarise(small, conversion, masks=(small.masks, other)).masks.distinct == 2


def test_the_partition_is_counted_by_class(small: SmallNetwork, conversion: Conversion) -> None:
    labels = small.dataset.train_y
    wanted = tuple(
        tuple(sum(1 for index in client if labels[index] == label) for label in range(12)) for client in PARTITION
    )
    assert summarise(small, conversion).partition.counts == wanted


def test_a_run_without_a_board_has_null_there(small: SmallNetwork, conversion: Conversion) -> None:
    summary = summarise(small, conversion)
    assert (summary.firmware, summary.device, summary.accuracy.device) == (None, None, None)
    assert summary.accuracy.int8 == int8_accuracy(conversion.path, small.dataset)
    assert summary.accuracy.float_ == CLIENTS[0].overall
    assert summary.model_sha256 == hashlib.sha256(conversion.path.read_bytes()).hexdigest()


def test_the_pruner_of_a_dense_method_is_null(small: SmallNetwork, conversion: Conversion) -> None:
    assert summarise(small, conversion, method="fedavg").pruner is None
    assert summarise(small, conversion, method="fedpai-u").pruner == "synflow"


@pytest.mark.parametrize("out", ["/home/someone/runs/seven", "~/runs/seven"])
def test_no_absolute_path_is_written(small: SmallNetwork, conversion: Conversion, out: str) -> None:
    summary = summarise(small, conversion, out=out)
    assert summary.config["out"] == "seven"
    text = summary.model_dump_json()
    assert str(Path.cwd()) not in text
    assert str(conversion.path.parent) not in text
    assert "/home/" not in text


def test_versions_name_what_decides_the_figures(small: SmallNetwork, conversion: Conversion) -> None:
    versions = summarise(small, conversion).versions
    assert {"python", "tensorflow", "keras", "numpy", "tflite-micro"} <= versions.keys()
    assert versions["numpy"] == np.__version__
