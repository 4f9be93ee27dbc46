"""The picture of a partition stays legible from 2 clients to 100, and from short class names to long ones."""

import re

import numpy as np
import pytest

from pages.picture import Picture
from trainer.report.plots.partition import partition_picture
from trainer.summary.document import PartitionSummary, RunSummary

ACTIVITIES = ("walking", "walking upstairs", "walking downstairs", "sitting", "standing", "laying")


def picture(clients: int, classes: tuple[str, ...], samples: int) -> Picture:
    random = np.random.default_rng(1)
    counts = tuple(
        tuple(int(n) for n in random.multinomial(samples, random.dirichlet(np.ones(len(classes)))))
        for _ in range(clients)
    )
    return partition_picture(RunSummary.model_construct(partition=PartitionSummary(classes=classes, counts=counts)))


def upright(svg: str) -> list[tuple[float, str]]:
    """Left edge and text of every text that is turned by a quarter, except the heading of the clients."""
    # Matplotlib writes <text transform="translate(x y) rotate(-90)">.
    turned = re.findall(r'<text[^>]*translate\(([\d.]+) [\d.]+\) rotate\(-90\)"[^>]*>([^<]*)</text>', svg)
    return [(float(x), text) for x, text in turned if text != "client"]


@pytest.mark.parametrize("classes", [2, 10])
def test_short_names_lie_side_by_side(classes: int) -> None:
    shown = picture(3, tuple(str(k) for k in range(classes)), 90)
    assert upright(shown.svg) == []
    assert "Clients hold 90 samples" in shown.caption and "90 to 90" not in shown.caption


@pytest.mark.parametrize(
    ("clients", "classes"),
    [
        (21, ACTIVITIES),
        (100, tuple(f"word{k:02}" for k in range(35))),
        (100, tuple(f"thing{k:02}" for k in range(100))),
    ],
)
def test_long_or_many_names_stand_upright_without_touching(clients: int, classes: tuple[str, ...]) -> None:
    named = upright(picture(clients, classes, 400).svg)
    texts = [text for _, text in named]
    assert texts == [name for name in classes if name in texts], "in order, each once"
    assert len(texts) >= min(len(classes), 20)
    assert len(texts) == len(classes) or len(classes) == 100
    edges = np.array([x for x, _ in named])
    assert np.diff(edges).min() >= 7.5, "a line of the smallest type is as high"


def test_numbers_are_written_only_where_they_fit() -> None:
    roomy, narrow = picture(4, ACTIVITIES, 3000), picture(4, tuple(f"word{k:02}" for k in range(35)), 30000)
    assert "darkest" not in roomy.caption and "square root" in narrow.caption
    assert len(re.findall(r">[\d,]+</text>", roomy.svg)) > 15
    assert len(re.findall(r">[\d,]+</text>", narrow.svg)) == 0


def test_an_endless_name_is_cut() -> None:
    shown = picture(2, ("yes", "n" * 300), 50)
    assert "n" * 21 + "…" in shown.svg and "n" * 23 not in shown.svg
