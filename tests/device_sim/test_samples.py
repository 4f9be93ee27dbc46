"""Inputs for a verification: what is taken, and what is refused."""

from pathlib import Path

import numpy as np
import pytest
from op_cases import CASES

from device_sim.samples import as_samples, input_shape, load_samples, random_samples
from host_bridge.errors import UserError

SHAPE = (7, 11, 3)


@pytest.mark.parametrize(
    ("given", "count"), [((5, 7, 11, 3), 5), ((7, 11, 3), 1), ((231,), 1), ((4, 231), 4), ((1, 7, 11, 3), 1)]
)
def test_samples_may_be_many_one_or_flat(given: tuple[int, ...], count: int) -> None:
    array = np.arange(np.prod(given)).astype(np.int8).reshape(given)
    samples = as_samples(array, SHAPE, "x.npy")
    assert samples.shape == (count, *SHAPE)
    np.testing.assert_array_equal(samples.ravel(), array.ravel())


@pytest.mark.parametrize("given", [(5, 3, 7, 11), (230,), (4, 230), (2, 2, 7, 11, 3), (), (11, 7, 3)])
def test_another_shape_is_refused(given: tuple[int, ...]) -> None:
    with pytest.raises(UserError, match=r"x\.npy has shape .*takes int8 of shape \(samples, 7, 11, 3\)"):
        as_samples(np.zeros(given, np.int8), SHAPE, "x.npy")


def test_no_sample_is_refused() -> None:
    with pytest.raises(UserError, match="holds no sample"):
        as_samples(np.zeros((0, *SHAPE), np.int8), SHAPE, "x.npy")


@pytest.mark.parametrize("dtype", [np.float32, np.uint8, np.int16, bool])
def test_another_type_is_refused(dtype: type, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros((1, *SHAPE), dtype))
    with pytest.raises(UserError, match=rf"x\.npy holds {np.dtype(dtype)}.*int8"):
        load_samples(tmp_path / "x.npy", SHAPE)


def test_random_samples_repeat_and_fill_the_range() -> None:
    first, second = (random_samples(SHAPE, 50, seed=3) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert (first.dtype, first.shape) == (np.int8, (50, *SHAPE))
    assert (first.min(), first.max()) == (-128, 127)
    assert not np.array_equal(first, random_samples(SHAPE, 50, seed=4))


def test_a_models_input_shape_has_no_batch(tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(next(case for case in CASES if case.name == "conv_3x3_same").model())
    assert input_shape(path) == SHAPE
