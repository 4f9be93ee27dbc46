"""Accuracy and loss over the rounds."""

from math import isnan, nan
from typing import TYPE_CHECKING

from pages.colours import BLUE, MUTED, ORANGE
from pages.picture import HALF, Picture, draw, log_ticks
from pages.text import counted, percent
from trainer.summary.document import RunSummary

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def accuracy_picture(summary: RunSummary) -> Picture:
    """Test accuracy after each round."""
    rounds = [one.round for one in summary.rounds]
    values = [100 * one.accuracy for one in summary.rounds]

    def paint(axes: "Axes") -> None:
        axes.plot(rounds, values, color=BLUE, linewidth=2, marker="o", markersize=4)
        _mark_void(axes, summary)
        axes.annotate(
            percent(values[-1] / 100),
            (rounds[-1], values[-1]),
            xytext=(0, -34),
            textcoords="offset points",
            ha="right",
            color=BLUE,
            weight="bold",
        )
        axes.set(xlabel="round", ylabel="test accuracy in %")
        whole_rounds(axes, rounds)

    best = max(summary.rounds, key=lambda one: one.accuracy)
    alt = f"Line: test accuracy is {percent(summary.rounds[-1].accuracy)} after {counted(len(rounds), 'round')}."
    caption = (
        f"Test accuracy of {_models(summary)} after each round; {percent(summary.rounds[-1].accuracy)} at the end, "
        f"at best {percent(best.accuracy)} in round {best.round}."
    )
    return Picture(draw("accuracy", alt, (HALF, 2.9), paint), "Accuracy over the rounds", caption)


def loss_picture(summary: RunSummary) -> Picture:
    """Training and test loss of each round, on a logarithmic scale."""
    rounds = [one.round for one in summary.rounds]

    def paint(axes: "Axes") -> None:
        test = [one.loss for one in summary.rounds]
        train = [nan if one.train_loss is None else one.train_loss for one in summary.rounds]
        axes.plot(rounds, test, color=BLUE, linewidth=2, marker="o", markersize=4, label="test")
        axes.plot(rounds, train, color=ORANGE, linewidth=2, linestyle="--", label="training, on the clients")
        if min(value for value in (*test, *train) if not isnan(value)) > 0:
            axes.set_yscale("log")
            log_ticks(axes.yaxis, lambda value: f"{value:g}")
        axes.set(xlabel="round", ylabel="cross-entropy in nats")
        axes.legend(labelcolor=MUTED)
        whole_rounds(axes, rounds)

    last = summary.rounds[-1]
    trained = "unknown" if last.train_loss is None else f"{last.train_loss:.3f}"
    alt = f"Lines: test loss ends at {last.loss:.3f}, training loss at {trained}."
    caption = (
        "Mean cross-entropy on a logarithmic scale. Training loss is measured on the clients, on their own samples."
    )
    return Picture(draw("loss", alt, (HALF, 2.9), paint), "Loss over the rounds", caption)


def _models(summary: RunSummary) -> str:
    """Whose accuracy a round has."""
    if summary.masks.distinct == 1:
        return "the global model"
    return "the clients' own models, on average and on a part of the test set,"


def _mark_void(axes: "Axes", summary: RunSummary) -> None:
    """Crosses where the quorum was missed."""
    void = [one for one in summary.rounds if not one.applied]
    if void:
        places = [one.round for one in void]
        values = [100 * one.accuracy for one in void]
        axes.plot(places, values, "x", color=ORANGE, markersize=8, markeredgewidth=2, label="quorum missed")
        axes.legend(labelcolor=MUTED)


def whole_rounds(axes: "Axes", rounds: list[int]) -> None:
    """Ticks at whole rounds only."""
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.set_xlim(min(rounds) - 0.5, max(rounds) + 0.5)
