"""What TensorFlow Lite Micro's int8 kernels compute, from their definition; shares nothing with the C code."""

import numpy as np
from numpy.typing import NDArray

Int = NDArray[np.int64]


def wrap32(x: Int) -> Int:
    """Two's complement wrap to 32 bits."""
    return (x + (1 << 31)) % (1 << 32) - (1 << 31)


def divide_towards_zero(numerator: Int, denominator: int) -> Int:
    return np.sign(numerator) * (np.abs(numerator) // denominator)


def doubling_high_multiply(a: Int, b: Int) -> Int:
    """Saturating; the nudge makes C's truncating division round to nearest."""
    product = a * b
    nudge = np.where(product >= 0, 1 << 30, 1 - (1 << 30))
    # -2^31 * -2^31 = 2^62, still exact in 64 bits.
    high = divide_towards_zero(product + nudge, 1 << 31)
    return np.minimum(high, (1 << 31) - 1)


def divide_by_power(x: Int, exponent: Int) -> Int:
    """Nearest, ties away from zero."""
    power = np.left_shift(np.int64(1), exponent)
    return np.sign(x) * ((2 * np.abs(x) + power) // (2 * power))


def requantize(x: Int, multiplier: Int, shift: Int) -> Int:
    left = np.maximum(shift, 0)
    shifted = wrap32(np.asarray(x, np.int64) * np.left_shift(np.int64(1), left))
    return divide_by_power(doubling_high_multiply(shifted, multiplier), np.maximum(-shift, 0))


def convolve(
    x: NDArray[np.int8],
    weights: NDArray[np.int8],
    bias: Int,
    *,
    zero_point: int,
    padding: tuple[int, int, int, int],
    stride: tuple[int, int],
    dilation: tuple[int, int],
    groups: int = 1,
) -> Int:
    """Accumulators (oc, oh, ow) of x (ic, h, w), weights (oc, ic / groups, kh, kw); padding is four sides."""
    top, bottom, left, right = padding
    centred = np.pad(x.astype(np.int64) - zero_point, ((0, 0), (top, bottom), (left, right)))
    kernel_height, kernel_width = weights.shape[2:]
    height = (centred.shape[1] - (kernel_height - 1) * dilation[0] - 1) // stride[0] + 1
    width = (centred.shape[2] - (kernel_width - 1) * dilation[1] - 1) // stride[1] + 1
    total = np.zeros((weights.shape[0], height, width), np.int64)
    for ky in range(kernel_height):
        for kx in range(kernel_width):
            rows = centred[:, ky * dilation[0] :, kx * dilation[1] :][:, :: stride[0], :: stride[1]]
            seen = rows[:, :height, :width].reshape(groups, -1, height, width)
            kernel = weights[:, :, ky, kx].astype(np.int64).reshape(groups, -1, weights.shape[1])
            total += np.einsum("goc,gcyx->goyx", kernel, seen).reshape(total.shape)
    return wrap32(total + bias[:, None, None])


def pool(
    x: NDArray[np.int8],
    *,
    average: bool,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    pad: tuple[int, int],
    out_size: tuple[int, int],
) -> Int:
    """Average (ties away from zero) or maximum over the positions inside x (c, h, w); not yet clamped."""
    result = np.empty((x.shape[0], *out_size), np.int64)
    for y in range(out_size[0]):
        for column in range(out_size[1]):
            y0, x0 = y * stride[0] - pad[0], column * stride[1] - pad[1]
            window = x[:, max(y0, 0) : y0 + kernel[0], max(x0, 0) : x0 + kernel[1]].astype(np.int64)
            window = window.reshape(x.shape[0], -1)
            if average:
                total, count = window.sum(1), window.shape[1]
                result[:, y, column] = np.sign(total) * ((np.abs(total) + count // 2) // count)
            else:
                result[:, y, column] = window.max(1)
    return result
