"""A client's test samples look like its training samples."""

import numpy as np
import pytest

from host_bridge.errors import UserError
from trainer.partitions import PARTITIONS, PartitionRequest, local_test_indices

CLASSES = 6
TRAIN_Y = np.random.default_rng(1).integers(0, CLASSES, 900).astype(np.int32)
TEST_Y = np.random.default_rng(2).integers(0, CLASSES, 600).astype(np.int32)


def draw(partition: tuple[np.ndarray, ...], per_client: int, test_y: np.ndarray = TEST_Y, seed: int = 5) -> tuple:
    return local_test_indices(partition, TRAIN_Y, test_y, None, None, per_client, np.random.default_rng(seed))


def shares(labels: np.ndarray) -> np.ndarray:
    return np.bincount(labels, minlength=CLASSES) / len(labels)


@pytest.mark.parametrize("alpha", [0.1, 1.0, 100.0])
def test_proportions_are_the_clients_own(alpha: float) -> None:
    parts = PARTITIONS.get("dirichlet")(PartitionRequest(TRAIN_Y, 8, alpha, 5, np.random.default_rng(3)))
    for part, chosen in zip(parts, draw(parts, 60), strict=True):
        assert 1 <= len(chosen) <= 60
        assert len(np.unique(chosen)) == len(chosen)
        assert np.array_equal(chosen, np.sort(chosen))
        # Rounding to whole samples moves a class by less than one sample.
        assert np.abs(shares(TRAIN_Y[part]) - shares(TEST_Y[chosen])).max() < 1 / len(chosen)


def test_all_the_samples_asked_for_where_there_are_enough() -> None:
    parts = tuple(np.array_split(np.arange(900), 3))
    assert [len(chosen) for chosen in draw(parts, 60)] == [60, 60, 60]


def test_scarce_labels_shrink_the_draw_and_keep_its_proportions() -> None:
    """Half of the client is class 0, of which there are four test samples: eight in all."""
    part = np.concatenate([np.flatnonzero(label == TRAIN_Y)[:50] for label in (0, 1)])
    test_y = np.concatenate([np.zeros(4, np.int32), np.ones(90, np.int32)])
    (chosen,) = draw((part,), 60, test_y)
    assert np.array_equal(np.bincount(test_y[chosen]), [4, 4])


def test_one_sample_is_of_the_commonest_label() -> None:
    part = np.concatenate([np.flatnonzero(TRAIN_Y == 3)[:40], np.flatnonzero(TRAIN_Y == 5)[:2]])
    (chosen,) = draw((part,), 1)
    assert TEST_Y[chosen].tolist() == [3]


def test_labels_without_test_samples_are_left_out() -> None:
    part = np.concatenate([np.flatnonzero(TRAIN_Y == 3)[:40], np.flatnonzero(TRAIN_Y == 5)[:40]])
    (chosen,) = draw((part,), 10, TEST_Y[TEST_Y != 5])
    assert set(TEST_Y[TEST_Y != 5][chosen]) == {3}
    with pytest.raises(UserError, match=r"client 0 holds only labels that no test sample has \(5\)"):
        draw((np.flatnonzero(TRAIN_Y == 5),), 10, TEST_Y[TEST_Y != 5])


def test_chance_decides_which_samples() -> None:
    parts = tuple(np.array_split(np.arange(900), 3))
    first, again, other = draw(parts, 60), draw(parts, 60), draw(parts, 60, seed=6)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not any(np.array_equal(a, b) for a, b in zip(first, other, strict=True))


def test_a_persons_own_test_samples_come_first() -> None:
    train_people, test_people = np.arange(900) % 3, np.arange(600) % 2  # nobody tests for person 2
    natural = tuple(np.flatnonzero(train_people == person) for person in range(3))

    def people(parts: tuple[np.ndarray, ...]) -> list[set[int]]:
        random = np.random.default_rng(1)
        chosen = local_test_indices(
            parts, TRAIN_Y, TEST_Y, train_people.astype(np.int32), test_people.astype(np.int32), 50, random
        )
        return [{int(person) for person in test_people[indices]} for indices in chosen]

    assert people(natural) == [{0}, {1}, {0, 1}]
    assert people(tuple(np.array_split(np.arange(900), 3))) == [{0, 1}] * 3
