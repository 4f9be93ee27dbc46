"""How SynFlow's whole flows pass each kind of layer, forwards and backwards: docs/synflow.md.

Matrix products are split into two whose sums stay below 2^53, where float64 is exact.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from math import prod

import numpy as np
import numpy.typing as npt

from firmware_gen.learner import LayerDescription
from trainer.tensors import Float64

Whole = npt.NDArray[np.int64]

MEAN_BITS = 16
"""By which the numbers of a mean are larger than what they stand for."""
_HALF = 12


def _product(left: Whole, right: Float64) -> Whole:
    """Matrix product of numbers below 2^24: exact, by halves of the right one."""
    high = np.floor(right / 2**_HALF)
    exact = left.astype(np.float64)
    low = right - high * 2**_HALF
    sums: Whole = ((exact @ high).astype(np.int64) << _HALF) + (exact @ low).astype(np.int64)
    return sums


def _whole_sum(windows: Whole) -> Whole:
    """Over the pixels of each window."""
    sums: Whole = windows.sum(axis=(2, 3))
    return sums


class Operation(ABC):
    """How flow passes a layer. A layer's numbers are larger than what they stand for by ``2**shift``."""

    shift = 0

    def __init__(self, layer: LayerDescription) -> None:
        self.layer = layer

    @abstractmethod
    def forward(self, flow: Whole, kernel: Float64 | None) -> Whole:
        """Sums into the outputs."""

    @abstractmethod
    def backward(self, flow: Whole, out: Whole, kernel: Float64 | None) -> Whole:
        """Sums out of the inputs."""

    def _windows(self, flow: Whole, fill: int = 0) -> Whole:
        """(out height, out width, rows of the window, columns, channels); outside the input ``fill``."""
        layer = self.layer
        padded = np.full(self._padded_shape(flow.shape), fill, np.int64)
        top, left = layer.padding
        padded[top : top + flow.shape[0], left : left + flow.shape[1]] = flow
        views = np.lib.stride_tricks.sliding_window_view(padded, layer.kernel_size, axis=(0, 1))
        down, right = layer.strides
        height, width = layer.out_shape[:2]
        chosen = views[: (height - 1) * down + 1 : down, : (width - 1) * right + 1 : right]
        return np.ascontiguousarray(chosen.transpose(0, 1, 3, 4, 2))

    def _padded_shape(self, shape: tuple[int, ...]) -> tuple[int, int, int]:
        sides = [
            max(pad + size, (out - 1) * stride + kernel)
            for pad, size, out, stride, kernel in zip(
                self.layer.padding,
                shape[:2],
                self.layer.out_shape[:2],
                self.layer.strides,
                self.layer.kernel_size,
                strict=True,
            )
        ]
        return sides[0], sides[1], shape[2]

    def _unwindowed(self, windows: Whole, shape: tuple[int, ...]) -> Whole:
        """The reverse of :meth:`_windows`: what lies over one pixel is added up."""
        sums = np.zeros(self._padded_shape(shape), np.int64)
        height, width = self.layer.out_shape[:2]
        down, right = self.layer.strides
        for row in range(self.layer.kernel_size[0]):
            for column in range(self.layer.kernel_size[1]):
                ends = row + (height - 1) * down + 1, column + (width - 1) * right + 1
                sums[row : ends[0] : down, column : ends[1] : right] += windows[:, :, row, column]
        top, left = self.layer.padding
        return sums[top : top + shape[0], left : left + shape[1]]


class Scored(Operation):
    """A layer whose weights are scored one by one."""

    @abstractmethod
    def coefficients(self, flow: Whole, out: Whole) -> Whole:
        """(rows, columns): the flow that a weight of size 1 would carry."""


class _Conv(Scored):
    def forward(self, flow: Whole, kernel: Float64 | None) -> Whole:
        assert kernel is not None
        return _product(self._patches(flow), kernel).reshape(self.layer.out_shape)

    def backward(self, flow: Whole, out: Whole, kernel: Float64 | None) -> Whole:
        assert kernel is not None
        sums = _product(out.reshape(-1, out.shape[-1]), kernel.T)
        windows = sums.reshape(*out.shape[:2], *self.layer.kernel_size, flow.shape[2])
        return self._unwindowed(windows, flow.shape)

    def coefficients(self, flow: Whole, out: Whole) -> Whole:
        return _product(self._patches(flow).T, out.reshape(-1, out.shape[-1]).astype(np.float64))

    def _patches(self, flow: Whole) -> Whole:
        return self._windows(flow).reshape(prod(self.layer.out_shape[:2]), -1)


class _Dense(Scored):
    def forward(self, flow: Whole, kernel: Float64 | None) -> Whole:
        assert kernel is not None
        return _product(flow.reshape(1, -1), kernel).reshape(self.layer.out_shape)

    def backward(self, flow: Whole, out: Whole, kernel: Float64 | None) -> Whole:
        assert kernel is not None
        return _product(out.reshape(1, -1), kernel.T).reshape(flow.shape)

    def coefficients(self, flow: Whole, out: Whole) -> Whole:
        return flow.reshape(-1, 1) * out.reshape(1, -1)


class _Depthwise(Operation):
    def forward(self, flow: Whole, kernel: Float64 | None) -> Whole:
        return _whole_sum(self._windows(self._repeated(flow)) * self._whole(kernel))

    def backward(self, flow: Whole, out: Whole, kernel: Float64 | None) -> Whole:
        windows = out[:, :, None, None] * self._whole(kernel)
        sums = self._unwindowed(windows, self._repeated(flow).shape)
        summed: Whole = sums.reshape(*flow.shape, -1).sum(axis=-1)
        return summed

    def _repeated(self, flow: Whole) -> Whole:
        return np.repeat(flow, self.layer.out_shape[2] // flow.shape[2], axis=2)

    def _whole(self, kernel: Float64 | None) -> Whole:
        assert kernel is not None
        return kernel.astype(np.int64).reshape(*self.layer.kernel_size, self.layer.out_shape[2])


class _MaxPool(Operation):
    def forward(self, flow: Whole, kernel: Float64 | None) -> Whole:  # noqa: ARG002
        largest: Whole = self._windows(flow, -1).max(axis=(2, 3))
        return largest

    def backward(self, flow: Whole, out: Whole, kernel: Float64 | None) -> Whole:  # noqa: ARG002
        windows = self._windows(flow, -1)
        flat = windows.reshape(*out.shape[:2], -1, out.shape[2])
        first = np.arange(flat.shape[2])[:, None] == flat.argmax(axis=2)[:, :, None]
        return self._unwindowed((first * out[:, :, None]).reshape(windows.shape), flow.shape)


class _AveragePool(Operation):
    shift = MEAN_BITS

    def forward(self, flow: Whole, kernel: Float64 | None) -> Whole:  # noqa: ARG002
        return (_whole_sum(self._windows(flow)) << MEAN_BITS) // self._pixels(flow)

    def backward(self, flow: Whole, out: Whole, kernel: Float64 | None) -> Whole:  # noqa: ARG002
        share = (out << MEAN_BITS) // self._pixels(flow)
        size = (*out.shape[:2], *self.layer.kernel_size, out.shape[2])
        return self._unwindowed(np.broadcast_to(share[:, :, None, None], size), flow.shape)

    def _pixels(self, flow: Whole) -> Whole:
        """(out height, out width, 1): pixels of each window that lie inside."""
        return _whole_sum(self._windows(np.ones((*flow.shape[:2], 1), np.int64)))


class _Same(Operation):
    def forward(self, flow: Whole, kernel: Float64 | None) -> Whole:  # noqa: ARG002
        return flow

    def backward(self, flow: Whole, out: Whole, kernel: Float64 | None) -> Whole:  # noqa: ARG002
        return out


OPERATIONS: dict[str, Callable[[LayerDescription], Operation]] = {
    "conv": _Conv,
    "depthwise": _Depthwise,
    "dense": _Dense,
    "max_pool": _MaxPool,
    "average_pool": _AveragePool,
    "relu": _Same,
}
