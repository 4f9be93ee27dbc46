"""Philox4x32-10: 128 pseudo-random bits for each counter, with no state in between.

J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
A round is two 32x32→64 bit multiplications, one instruction each on a Cortex-M3 or above.
"""

import numpy as np
import numpy.typing as npt

UInt32 = npt.NDArray[np.uint32]

ROUNDS = 10
_MULTIPLIER_0 = np.uint64(0xD2511F53)
_MULTIPLIER_1 = np.uint64(0xCD9E8D57)
_WEYL_0 = 0x9E3779B9
_WEYL_1 = 0xBB67AE85
_MASK = 0xFFFFFFFF
_HALF = np.uint64(32)


def philox4x32(counters: UInt32, key: tuple[int, int]) -> UInt32:
    """Encrypt counters.

    Args:
        counters: uint32 (blocks, 4), words c0 to c3.
        key: words k0 and k1, each below 2^32.

    Returns:
        uint32 (blocks, 4), words x0 to x3 of each block.
    """
    c0, c1, c2, c3 = (counters[:, word].astype(np.uint64) for word in range(4))
    k0, k1 = key
    low = np.uint64(_MASK)
    for _ in range(ROUNDS):
        product0, product1 = c0 * _MULTIPLIER_0, c2 * _MULTIPLIER_1
        c0, c2 = (product1 >> _HALF) ^ c1 ^ np.uint64(k0), (product0 >> _HALF) ^ c3 ^ np.uint64(k1)
        c1, c3 = product1 & low, product0 & low
        k0, k1 = (k0 + _WEYL_0) & _MASK, (k1 + _WEYL_1) & _MASK
    return np.stack([c0, c1, c2, c3], axis=1).astype(np.uint32)
