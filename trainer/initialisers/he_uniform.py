"""He-uniform initial weights, bit for bit the same wherever they are computed: see docs/seeded-init.md.

K. He et al.: "Delving Deep into Rectifiers", ICCV 2015: uniform in ±sqrt(6 / fan_in).
"""

import numpy as np
import numpy.typing as npt

from trainer.initialisers.philox import UInt32, philox4x32
from trainer.tensors import Float32, Role, TensorSpec, Weights

DOMAIN = 0x46504931
"""Last word of every counter, "FPI1" read as a big-endian number: the version of this scheme."""
_WORDS = 4


def random_words(seed: int, tensor: int, count: int) -> UInt32:
    """The first ``count`` random words of a tensor.

    Args:
        seed: 0 to 2^64 - 1.
        tensor: position among the model's trainable tensors.
        count: number of words.

    Returns:
        uint32 (count,); word ``i`` is word ``i mod 4`` of block ``i div 4``.
    """
    blocks = np.arange(-(-count // _WORDS), dtype=np.uint64)
    counters = np.empty((len(blocks), _WORDS), np.uint32)
    counters[:, 0] = blocks & np.uint64(0xFFFFFFFF)
    counters[:, 1] = blocks >> np.uint64(32)
    counters[:, 2] = tensor
    counters[:, 3] = DOMAIN
    return philox4x32(counters, (seed & 0xFFFFFFFF, seed >> 32)).reshape(-1)[:count]


def he_uniform_step(fan_in: int) -> np.float32:
    """Weight that the odd integer 1 stands for: sqrt(6 / fan_in) / 2^24, in float32 throughout."""
    limit = np.sqrt(np.float32(6) / np.float32(fan_in))
    return np.float32(limit * np.float32(2**-24))


def he_uniform(words: UInt32, fan_in: int) -> Float32:
    """Turn random words into weights, symmetric around zero and never zero.

    Args:
        words: uint32, any shape.
        fan_in: inputs of one output unit, 1 to 2^24.
    """
    odd: npt.NDArray[np.int32] = ((words >> np.uint32(8)).astype(np.int32) << 1) - np.int32(2**24 - 1)
    # An odd integer below 2^24 is exact in float32, so the product is the only rounding.
    return odd.astype(np.float32) * he_uniform_step(fan_in)


def initial_tensor(seed: int, tensor: int, spec: TensorSpec) -> Float32:
    """Initial values of one tensor: He-uniform for kernels; ones for normalisation scales and variances, else zeros."""
    if spec.role not in (Role.KERNEL, Role.DEPTHWISE):
        return np.full(spec.shape, spec.start, np.float32)
    return he_uniform(random_words(seed, tensor, spec.size), spec.fan_in).reshape(spec.shape)


def initial_weights(seed: int, specs: tuple[TensorSpec, ...]) -> Weights:
    """Initial values of a whole model."""
    return tuple(initial_tensor(seed, position, spec) for position, spec in enumerate(specs))
