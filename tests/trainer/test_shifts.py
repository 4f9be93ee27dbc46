"""Moving training images."""

import numpy as np
import pytest

from trainer.engines.shifts import MOVED_SHARE, draw_shifts, move_images


def moved_by_hand(x: np.ndarray, down: int, right: int) -> np.ndarray:
    result = np.zeros_like(x)
    _, height, width, _ = x.shape
    for row in range(height):
        for column in range(width):
            if 0 <= row - down < height and 0 <= column - right < width:
                result[:, row, column] = x[:, row - down, column - right]
    return result


@pytest.mark.parametrize("shift", [(0, 0), (1, 0), (0, 1), (-1, 0), (0, -2), (2, -1), (-1, 1), (5, 0)])
def test_images_move_down_and_right_and_zeros_come_in(shift: tuple[int, int]) -> None:
    import tensorflow as tf

    x = np.random.default_rng(0).normal(size=(3, 5, 7, 2)).astype(np.float32)
    got = move_images(tf.constant(x), tf.constant(shift, tf.int32)).numpy()
    np.testing.assert_array_equal(got, moved_by_hand(x, *shift))


def test_about_half_of_the_batches_move_evenly_in_every_direction() -> None:
    shifts = draw_shifts(20_000, 1, np.random.default_rng(0))
    assert shifts.dtype == np.int32
    still = np.mean(~shifts.any(axis=1))
    assert still == pytest.approx(1 - MOVED_SHARE + MOVED_SHARE / 9, abs=0.01)
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            if (down, right) != (0, 0):
                assert np.mean((shifts == (down, right)).all(axis=1)) == pytest.approx(MOVED_SHARE / 9, abs=0.01)


def test_no_shift_leaves_every_batch_in_place() -> None:
    assert not draw_shifts(100, 0, np.random.default_rng(0)).any()
