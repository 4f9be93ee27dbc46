"""Every sample goes to exactly one client, and nobody is left without."""

import numpy as np
import pytest

from host_bridge.errors import UserError
from trainer.datasets import DATASETS
from trainer.partitions import PARTITIONS, PartitionRequest, check_clients, check_smallest

LABELS = np.random.default_rng(1).integers(0, 7, 251).astype(np.int32)


def request(clients: int, alpha: float = 0.5, smallest: int = 5, seed: int = 3) -> PartitionRequest:
    return PartitionRequest(LABELS, clients, alpha, smallest, np.random.default_rng(seed))


@pytest.mark.parametrize("name", PARTITIONS.names)
@pytest.mark.parametrize("clients", [1, 3, 13])
def test_parts_are_disjoint_and_complete(name: str, clients: int) -> None:
    parts = PARTITIONS.get(name)(request(clients))
    assert len(parts) == clients
    assert np.array_equal(np.sort(np.concatenate(parts)), np.arange(len(LABELS)))
    assert all(np.array_equal(part, np.sort(part)) and len(part) >= 5 for part in parts)


@pytest.mark.parametrize("name", PARTITIONS.names)
def test_the_same_seed_gives_the_same_parts(name: str) -> None:
    first, again, other = (PARTITIONS.get(name)(request(5, seed=seed)) for seed in (3, 3, 4))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(first, other, strict=True))


def test_iid_sizes_differ_by_at_most_one() -> None:
    sizes = [len(part) for part in PARTITIONS.get("iid")(request(13))]
    assert max(sizes) - min(sizes) == 1


def skew(alpha: float) -> float:
    """Mean distance between a client's class shares and the whole set's."""
    parts = PARTITIONS.get("dirichlet")(request(5, alpha))
    whole = np.bincount(LABELS, minlength=7) / len(LABELS)
    return float(np.mean([np.abs(np.bincount(LABELS[p], minlength=7) / len(p) - whole).sum() for p in parts]))


def test_a_small_alpha_is_uneven_and_a_large_one_even() -> None:
    assert skew(0.1) > 3 * skew(1000.0)
    assert skew(1000.0) < 0.15


def test_an_impossible_partition_names_the_client_and_the_remedy() -> None:
    parts = PARTITIONS.get("dirichlet")(request(240, 0.01, smallest=1))
    empty = next(client for client, part in enumerate(parts) if len(part) == 0)
    with pytest.raises(UserError, match=f"client {empty} would get 0 .*--clients.*--alpha"):
        check_smallest(parts, 1)


def test_more_clients_than_samples_is_refused() -> None:
    check_clients(10, 10, "digits")
    with pytest.raises(UserError, match="clients = 11 is more than the 10 training samples of digits"):
        check_clients(10, 11, "digits")


def test_digits_are_split_once_stratified_and_scaled() -> None:
    data, again = DATASETS.get("digits")(), DATASETS.get("digits")()
    assert (len(data.train_y), len(data.test_y)) == (1437, 360)
    assert data.input_shape == (8, 8, 1)
    assert np.array_equal(data.test_x, again.test_x)
    assert (data.train_x.dtype, data.train_y.dtype) == (np.float32, np.int32)
    assert (data.train_x.min(), data.train_x.max()) == (0.0, 1.0)
    shares = [np.bincount(labels, minlength=10) / len(labels) for labels in (data.train_y, data.test_y)]
    assert np.abs(shares[0] - shares[1]).max() < 0.003
