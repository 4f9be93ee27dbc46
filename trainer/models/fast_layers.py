"""The same network computed by matrix products, for XLA on a CPU, whose own convolution is naive inside a loop.

A convolution gathers the patches of its input once ("im2col") and multiplies them by its kernel; pooling over windows
that do not overlap is a maximum or mean over reshaped axes. K. Chellapilla, S. Puri, P. Simard: "High Performance
Convolutional Neural Networks for Document Processing", IWFHR 2006. Weights, their order and their names stay those of
the plain network; results are equal up to rounding.
"""

from dataclasses import replace
from functools import cache, reduce
from math import prod
from typing import Any

from trainer.backends import Tensor
from trainer.models.network import Network

_NATIVE = ("Conv1D", "Conv3D", "Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose", "SeparableConv1D")
_NATIVE_TOO = ("SeparableConv2D", "DepthwiseConv1D", "DepthwiseConv2D")


def fast_network(network: Network) -> Network | None:
    """The network with fast layers where plain ones would convolve or pool.

    Returns:
        A network of the same weights, or None if a convolution of it has no fast counterpart.
    """
    import keras

    kinds = _fast_layers()

    def fast(layer: Any) -> Any:  # noqa: ANN401 - Keras layers
        kind = kinds[type(layer).__name__] if _is_covered(layer) else type(layer)
        return kind.from_config(layer.get_config())

    if any(_convolves(layer) and not _is_covered(layer) for layer in network.model._flatten_layers()):
        return None
    return replace(network, model=keras.models.clone_model(network.model, clone_function=fast))


def _convolves(layer: Any) -> bool:  # noqa: ANN401
    return type(layer).__name__ in ("Conv2D", *_NATIVE, *_NATIVE_TOO)


def _is_covered(layer: Any) -> bool:  # noqa: ANN401
    """Whether the fast layers compute what this one is configured to."""
    if getattr(layer, "data_format", "channels_last") != "channels_last":
        return False
    if type(layer).__name__ == "Conv2D":
        return bool(layer.groups == 1 and tuple(layer.dilation_rate) == (1, 1) and layer.padding in ("same", "valid"))
    if type(layer).__name__ in ("MaxPooling2D", "AveragePooling2D"):
        sides = zip(layer.input.shape[1:3], layer.pool_size, strict=True)
        whole = layer.padding == "valid" or all(side % size == 0 for side, size in sides)
        return bool(tuple(layer.pool_size) == tuple(layer.strides) and whole)
    return False


def convolve(x: Tensor, kernel: Tensor, strides: tuple[int, int], padding: str) -> Tensor:
    """A convolution as one matrix product.

    Args:
        x: (samples, height, width, in).
        kernel: (rows, columns, in, out).
        strides: down and right.
        padding: ``"same"`` or ``"valid"``.

    Returns:
        (samples, height', width', out).
    """
    if strides == (1, 1) and padding == "same" and all(size % 2 for size in kernel.shape[:2]):
        return _convolve_centred(x, kernel)
    patches = _patches(x, kernel.shape, strides, padding)
    return _multiply(patches, kernel)


def _convolve_centred(x: Tensor, kernel: Tensor) -> Tensor:
    """With a gradient of its own: that of ``x`` is again a convolution, by the kernel turned round.

    What differentiating the gathering of patches gives, a sum of padded slices, takes XLA longer.
    """
    from keras import ops

    def convolution(x: Tensor, kernel: Tensor) -> tuple[Tensor, Any]:
        patches = _patches(x, kernel.shape, (1, 1), "same")

        def gradients(*args: Tensor, upstream: Tensor | None = None) -> tuple[Tensor, Tensor]:
            above = args[0] if upstream is None else upstream
            inputs, channels = prod(kernel.shape[:3]), kernel.shape[3]
            flat = ops.reshape(above, (-1, channels))
            of_kernel = ops.matmul(ops.transpose(ops.reshape(patches, (-1, inputs))), flat)
            turned = ops.transpose(ops.flip(kernel, (0, 1)), (0, 1, 3, 2))
            return (
                _multiply(_patches(above, turned.shape, (1, 1), "same"), turned),
                ops.reshape(of_kernel, kernel.shape),
            )

        return _multiply(patches, kernel), gradients

    product: Tensor = ops.custom_gradient(convolution)(x, kernel)
    return product


def _multiply(patches: Tensor, kernel: Tensor) -> Tensor:
    from keras import ops

    inputs, channels = prod(kernel.shape[:3]), kernel.shape[3]
    product = ops.matmul(ops.reshape(patches, (-1, inputs)), ops.reshape(kernel, (inputs, channels)))
    return ops.reshape(product, (-1, *patches.shape[1:3], channels))


def _patches(x: Tensor, kernel: tuple[int, ...], strides: tuple[int, int], padding: str) -> Tensor:
    """What each output sees: (samples, height', width', rows * columns * in)."""
    from keras import ops

    rows, columns = kernel[:2]
    if padding == "same":
        sides = [
            _same(side, size, step) for side, size, step in zip(x.shape[1:3], (rows, columns), strides, strict=True)
        ]
        x = ops.pad(x, [(0, 0), *sides, (0, 0)])
    height = (x.shape[1] - rows) // strides[0] + 1
    width = (x.shape[2] - columns) // strides[1] + 1
    ends = (height - 1) * strides[0] + 1, (width - 1) * strides[1] + 1
    shifted = [
        x[:, row : row + ends[0] : strides[0], column : column + ends[1] : strides[1]]
        for row in range(rows)
        for column in range(columns)
    ]
    return shifted[0] if len(shifted) == 1 else ops.concatenate(shifted, axis=-1)


def _same(side: int, size: int, step: int) -> tuple[int, int]:
    """Zeros before and behind, as TensorFlow and Keras place them."""
    total = max((-(-side // step) - 1) * step + size - side, 0)
    return total // 2, total - total // 2


def _windows(x: Tensor, size: tuple[int, int]) -> list[Tensor]:
    """The elements at the same place of every window, each (samples, height / size, width / size, channels)."""
    from keras import ops

    height, width, channels = x.shape[1] // size[0], x.shape[2] // size[1], x.shape[3]
    x = x[:, : height * size[0], : width * size[1]]
    cut = ops.reshape(x, (-1, height, size[0], width, size[1], channels))
    return [cut[:, :, row, :, column] for row in range(size[0]) for column in range(size[1])]


@cache
def _fast_layers() -> dict[str, Any]:
    """Fast layers by the name of the plain ones."""
    import keras
    from keras import ops

    class FastConv2D(keras.layers.Conv2D):  # type: ignore[misc]
        """A convolution as one matrix product."""

        def convolution_op(self, inputs: Tensor, kernel: Tensor) -> Tensor:
            return convolve(inputs, kernel, tuple(self.strides), self.padding)

    class FastMaxPooling2D(keras.layers.MaxPooling2D):  # type: ignore[misc]
        """A maximum over windows that do not overlap; of equal elements the first gets the gradient."""

        def call(self, inputs: Tensor) -> Tensor:
            return reduce(ops.maximum, _windows(inputs, tuple(self.pool_size)))

    class FastAveragePooling2D(keras.layers.AveragePooling2D):  # type: ignore[misc]
        """A mean over windows that do not overlap."""

        def call(self, inputs: Tensor) -> Tensor:
            return reduce(ops.add, _windows(inputs, tuple(self.pool_size))) / prod(self.pool_size)

    return {"Conv2D": FastConv2D, "MaxPooling2D": FastMaxPooling2D, "AveragePooling2D": FastAveragePooling2D}
