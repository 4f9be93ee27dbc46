"""A summary with every key filled, for tests of what is made from summaries."""

import numpy as np

from trainer.summary.document import (
    AccuracySummary,
    ClientsSummary,
    ComputeSummary,
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

_FIRMWARE = {
    "tool_version": "0.1.0",
    "model": "model",
    "model_sha256": "ab" * 32,
    "model_bytes": 4321,
    "input": {"name": "in", "shape": [1, 8, 8, 1], "scale": 0.004, "zero_point": -128},
    "output": {"name": "out", "shape": [1, 3], "scale": 0.1, "zero_point": 2},
    "layers": [
        {
            "name": "conv1",
            "op": "CONV_2D",
            "shape": [1, 8, 8, 16],
            "weights": {
                "encoding": "gap8",
                "bytes": 60,
                "candidate_bytes": {"dense": 144, "gap8": 60},
                "total": 144,
                "kept": 28,
                "requant_bytes": 144,
            },
            "macs_dense": 9216,
            "macs_kept": 1792,
            "output_bytes": 1600,
            "output_offset": 0,
            "scratch_bytes": 64,
        },
        {
            "name": "pool1",
            "op": "MAX_POOL_2D",
            "shape": [1, 4, 4, 16],
            "weights": None,
            "macs_dense": 0,
            "macs_kept": 0,
            "output_bytes": 576,
            "output_offset": 1600,
            "scratch_bytes": 0,
        },
    ],
    "weight_bytes": 60,
    "requant_bytes": 144,
    "weights_total": 144,
    "weights_kept": 28,
    "arena_bytes": 2240,
    "arena_lower_bound": 2176,
    "board": "stm32f4_discovery",
    "target": "board",
    "compiler": "arm-none-eabi-gcc 12.2.1",
    "flash_bytes": {"weights": 60, "requant": 144, "code": 9000, "total": 9204},
    "ram_bytes": {"arena": 2240, "stack": 2048, "other": 1700, "total": 5988},
    "flash_capacity": 1048576,
    "ram_capacity": 131072,
    "selftest_crc32": "01234567",
    "files": ["build/firmware.elf"],
}


def example_round(number: int) -> RoundSummary:
    return RoundSummary(
        round=number,
        accuracy=1 - 0.5 / number,
        loss=1 / number,
        train_loss=0.8 / number,
        answered=2,
        asked=2,
        rejected=(),
        applied=True,
        kept=30,
        bytes_up_per_client=1111,
        bytes_down_per_client=1222,
        seconds=0.25,
        bytes_up=2 * 1111,
        bytes_down=2 * 1222,
    )


def example_summary(rounds: int = 4, classes: tuple[str, ...] = ("zero", "one", "two")) -> RunSummary:
    return RunSummary(
        config={"dataset": "digits", "model": "digits_cnn", "sparsity": 0.8, "seed": 7, "out": None},
        seed=7,
        method="fedpai-u",
        pruner="synflow",
        masks=MasksSummary(fixed=True, distinct=1),
        sparsity=1 - 30 / 150,
        parameters=Parameters(total=170, kept=50, prunable_total=150, prunable_kept=30),
        rounds=tuple(example_round(number) for number in range(1, rounds + 1)),
        accuracy=AccuracySummary(float=0.983, int8=0.981, device=0.981),
        clients=ClientsSummary(
            local=(0.9, 0.7),
            overall=(0.983, 0.983),
            local_mean=0.8,
            local_worst=0.7,
            local_spread=0.1,
            overall_mean=0.983,
            overall_worst=0.983,
            overall_spread=0.0,
        ),
        model_sha256="ab" * 32,
        model_bytes=4321,
        firmware=FirmwareSummary.model_validate(_FIRMWARE),
        device=DeviceSummary(
            board="stm32f4_discovery",
            emulator="qemu",
            machine="netduinoplus2",
            oracle="tflite-micro 1.2.3",
            samples=360,
            mismatched_samples=0,
            instructions_per_inference=654321,
            stack_used_bytes=512,
        ),
        traffic=TrafficSummary(
            bytes_up_per_client=1111,
            bytes_down_per_client=1222,
            dense_bytes_up_per_client=70000,
            dense_bytes_down_per_client=70000,
            total_bytes=2 * rounds * 2333,
            dense_total_bytes=2 * rounds * 140000,
        ),
        compute=ComputeSummary(dense_macs=9222, kept_macs=(1794, 1794), live_macs=(9222, 9222)),
        layers=(
            LayerSummary(
                name="conv1/kernel",
                shape=(3, 3, 1, 16),
                total=144,
                kept=28,
                int8_nonzero=27,
                rounded_to_zero=1,
                int8_step=0.01,
                weight_sqnr_db=41.26,
                output_sqnr_db=33.14,
            ),
            LayerSummary(name="logits/kernel", shape=(2, 3), total=6, kept=2, int8_nonzero=2, rounded_to_zero=0),
        ),
        partition=PartitionSummary(classes=classes, counts=((5, 0, 2), (1, 9, 0))),
        versions={"python": "3.11.9", "emulator": "qemu 7.2.0"},
    )


def with_clients(summary: RunSummary, count: int, seed: int = 1) -> RunSummary:
    """The same run over more clients, of uneven size and accuracy."""
    random = np.random.default_rng(seed)
    local = tuple(float(value) for value in np.clip(random.normal(0.9, 0.08, count), 0, 1))
    classes = len(summary.partition.classes)
    counts = random.integers(1, 40, (count, classes)) * (random.random((count, classes)) < 0.5)
    counts[:, 0] += 1
    clients = summary.clients.model_copy(
        update={
            "local": local,
            "overall": (summary.accuracy.float_,) * count,
            "local_mean": float(np.mean(local)),
            "local_worst": min(local),
            "local_spread": float(np.std(local)),
        }
    )
    assert summary.compute is not None
    compute = summary.compute.model_copy(
        update={"kept_macs": summary.compute.kept_macs[:1] * count, "live_macs": summary.compute.live_macs[:1] * count}
    )
    partition = summary.partition.model_copy(update={"counts": tuple(tuple(int(n) for n in row) for row in counts)})
    rounds = tuple(one.model_copy(update={"asked": count, "answered": count}) for one in summary.rounds)
    changes = {"clients": clients, "partition": partition, "compute": compute, "rounds": rounds}
    return summary.model_copy(update=changes)


def with_own_masks(summary: RunSummary) -> RunSummary:
    """The same run, its clients with masks of their own."""
    count = len(summary.clients.local)
    overall = tuple(float(value) for value in np.linspace(0.7, 0.95, count))
    clients = summary.clients.model_copy(
        update={"overall": overall, "overall_mean": float(np.mean(overall)), "overall_worst": min(overall)}
    )
    masks = MasksSummary(fixed=True, distinct=count)
    config = summary.config | {"masks": "personalized"}
    return summary.model_copy(update={"clients": clients, "masks": masks, "config": config, "pruner": "snip"})


def with_changing_masks(summary: RunSummary) -> RunSummary:
    """The same run by a method that prunes while it trains."""
    kept = (150, 150, 90, 60, 30)
    rounds = tuple(
        one.model_copy(update={"kept": kept[min(number, len(kept) - 1)]}) for number, one in enumerate(summary.rounds)
    )
    return summary.model_copy(update={"rounds": rounds, "masks": MasksSummary(fixed=False, distinct=1)})


def with_trouble(summary: RunSummary) -> RunSummary:
    """Client 1 falls silent in the second round, and sends nonsense in the third, which misses the quorum."""
    rounds = list(summary.rounds)
    rounds[1] = rounds[1].model_copy(update={"answered": 1, "unused": (1,)})
    refused = "client 1 sent a value that is not finite in round 3"
    changes = {"answered": 1, "unused": (1,), "rejected": (refused,), "applied": False}
    rounds[2] = rounds[2].model_copy(update=changes)
    return summary.model_copy(update={"rounds": tuple(rounds)})


def dense(summary: RunSummary) -> RunSummary:
    """The same run by dense FedAvg, without a board."""
    parameters = Parameters(total=170, kept=170, prunable_total=150, prunable_kept=150)
    layers = tuple(one.model_copy(update={"kept": one.total, "int8_nonzero": one.total}) for one in summary.layers)
    rounds = tuple(one.model_copy(update={"kept": 150}) for one in summary.rounds)
    assert summary.compute is not None
    macs = summary.compute.dense_macs
    compute = ComputeSummary(
        dense_macs=macs,
        kept_macs=(macs,) * len(summary.clients.local),
        live_macs=(macs,) * len(summary.clients.local),
    )
    changes = {"method": "fedavg", "pruner": None, "sparsity": 0.0, "firmware": None, "device": None, "rounds": rounds}
    return summary.model_copy(update={**changes, "parameters": parameters, "layers": layers, "compute": compute})
