"""A summary with every key filled, for tests of what is made from summaries."""

from trainer.summary.document import (
    AccuracySummary,
    ClientsSummary,
    DeviceSummary,
    FirmwareSummary,
    LayerSummary,
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
    )


def example_summary(rounds: int = 4, classes: tuple[str, ...] = ("zero", "one", "two")) -> RunSummary:
    return RunSummary(
        config={"dataset": "digits", "model": "digits_cnn", "sparsity": 0.8, "seed": 7, "out": None},
        seed=7,
        method="fedpai-u",
        pruner="synflow",
        sparsity=1 - 30 / 150,
        parameters=Parameters(total=170, kept=50, prunable_total=150, prunable_kept=30),
        rounds=tuple(example_round(number) for number in range(1, rounds + 1)),
        accuracy=AccuracySummary(float=0.983, int8=0.981, device=0.981),
        clients=ClientsSummary(
            local=(0.9, 0.7),
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
        layers=(
            LayerSummary(
                name="conv1/kernel", shape=(3, 3, 1, 16), total=144, kept=28, int8_nonzero=27, rounded_to_zero=1
            ),
            LayerSummary(name="logits/kernel", shape=(2, 3), total=6, kept=2, int8_nonzero=2, rounded_to_zero=0),
        ),
        partition=PartitionSummary(classes=classes, counts=((5, 0, 2), (1, 9, 0))),
        versions={"python": "3.11.9", "emulator": "qemu 7.2.0"},
    )
