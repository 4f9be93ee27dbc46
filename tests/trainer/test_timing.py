"""The time model against sums worked out here."""

from typing import Any

import pytest
from example_summary import example_summary

from host_bridge.errors import UserError
from trainer.summary import RunSummary
from trainer.summary.document import ComputeSummary, MasksSummary, PartitionSummary
from trainer.timing import Deployment, assumptions, client_seconds, elapsed_seconds, round_seconds, time_to_accuracy

BOARD = Deployment(dense_macs=1e6, sparse_efficiency=0.25, link_bits=1e4, bits_per_byte=10)
EPOCHS = 3
SAMPLES = (7, 10)
LINE = (1111 + 1222) * 10 / 1e4
"""Both ways, as the example has them."""


def summary(dense: int = 50_000, kept: int = 1000, live: int = 40_000, **changes: Any) -> RunSummary:
    """Two clients of 7 and 10 samples."""
    example = example_summary()
    compute = ComputeSummary(dense_macs=dense, kept_macs=(kept, kept), live_macs=(live, live))
    config = example.config | {"local_epochs": EPOCHS}
    return example.model_copy(update={"compute": compute, "config": config, **changes})


def with_round(number: int, run: RunSummary, **changes: Any) -> RunSummary:
    rounds = list(run.rounds)
    rounds[number - 1] = rounds[number - 1].model_copy(update=changes)
    return run.model_copy(update={"rounds": tuple(rounds)})


def test_a_client_downloads_trains_and_uploads() -> None:
    run = summary()
    for client in (0, 1):
        training = SAMPLES[client] * EPOCHS * 3 * 1000 / (1e6 * 0.25)
        assert client_seconds(run, run.rounds[0], client, BOARD) == pytest.approx(training + LINE)


@pytest.mark.parametrize(("kept", "live", "macs"), [(1000, 40_000, 4000), (12_000, 40_000, 40_000), (900, 900, 900)])
def test_the_faster_kernel_is_taken(kept: int, live: int, macs: int) -> None:
    """A quarter as fast, sparse kernels pay below a quarter of the weights; structured masks leave dense ones."""
    run = summary(kept=kept, live=live)
    assert client_seconds(run, run.rounds[0], 1, BOARD) == pytest.approx(10 * EPOCHS * 3 * macs / 1e6 + LINE)


def test_a_dense_run_never_uses_sparse_kernels() -> None:
    run = summary(kept=50_000, live=50_000)
    assert client_seconds(run, run.rounds[0], 0, BOARD) == pytest.approx(7 * EPOCHS * 3 * 0.05 + LINE)


def test_masks_that_change_cost_in_proportion_to_what_they_keep() -> None:
    run = with_round(1, summary(masks=MasksSummary(fixed=False, distinct=1), live=2000), kept=60)
    assert client_seconds(run, run.rounds[0], 0, BOARD) == pytest.approx(7 * EPOCHS * 3 * 2 * 0.004 + LINE)


def test_a_round_waits_for_the_slowest_client_of_its_cohort() -> None:
    run = with_round(2, summary(), cohort=(0,))
    slow, fast = (client_seconds(run, run.rounds[0], client, BOARD) for client in (1, 0))
    assert slow > fast
    assert round_seconds(run, run.rounds[0], BOARD) == slow
    assert round_seconds(run, run.rounds[1], BOARD) == fast


@pytest.mark.parametrize(("deadline", "seconds"), [(None, "slow"), (100.0, 100.0), (0.5, "fast")])
def test_a_silent_client_is_waited_for_until_the_deadline(deadline: float | None, seconds: float | str) -> None:
    run = with_round(1, summary(), unused=(1,))
    named = {"slow": client_seconds(run, run.rounds[0], 1, BOARD), "fast": client_seconds(run, run.rounds[0], 0, BOARD)}
    wanted = seconds if isinstance(seconds, float) else named[seconds]
    assert round_seconds(run, run.rounds[0], Deployment(1e6, 0.25, 1e4, 10, deadline)) == pytest.approx(wanted)


def test_everyone_silent_costs_the_deadline() -> None:
    run = with_round(1, summary(), unused=(0, 1))
    assert round_seconds(run, run.rounds[0], Deployment(deadline=60.0)) == 60


def test_rounds_add_up_until_the_target_is_reached() -> None:
    run = summary()  # accuracies: 50 %, 75 %, 83.3 %, 87.5 %
    each = 10 * EPOCHS * 3 * 0.004 + LINE
    assert elapsed_seconds(run, BOARD) == pytest.approx([each, 2 * each, 3 * each, 4 * each])
    assert time_to_accuracy(run, 0.5, BOARD) == pytest.approx(each)
    assert time_to_accuracy(run, 0.8, BOARD) == pytest.approx(3 * each)
    assert time_to_accuracy(run, 0.9, BOARD) is None


def test_clients_with_more_work_are_slower() -> None:
    partition = PartitionSummary(classes=("a", "b"), counts=((100, 0), (1, 1)))
    run = summary(partition=partition)
    assert round_seconds(run, run.rounds[0], BOARD) == pytest.approx(100 * EPOCHS * 3 * 0.004 + LINE)


def test_a_model_that_cannot_be_counted_is_refused() -> None:
    with pytest.raises(UserError, match="digits_cnn"):
        elapsed_seconds(summary().model_copy(update={"compute": None}), BOARD)


def test_assumptions_name_every_figure() -> None:
    words = " ".join(assumptions(Deployment(2e6, 0.5, 9600, 10, 30)))
    assert all(part in words for part in ("2 million", "1 million", "9,600 bit/s", "10 bits a byte", "30 s"))
    assert "as long as it would have taken" in " ".join(assumptions(Deployment()))
