"""What the time model assumes of devices and links."""

from dataclasses import dataclass

CLOCK_HZ = 168_000_000
"""Of the default device, an STM32F407 (Cortex-M4 with a single-precision floating-point unit)."""

DENSE_CYCLES = 6
"""Per multiply-accumulate of a dense float32 kernel there.

Arm's technical reference manual gives 3 cycles to VFMA.F32 and 1 + N to a VLDM of N values: eight values and eight
weights cost 18 cycles for eight products, 2.25 each, and the loop's counter and branch the rest.
"""

SPARSE_CYCLES = 12
"""Per kept weight of a sparse one: VFMA.F32 3, two single loads 4, the position 2, its address 1, the loop 2."""

DENSE_MACS = CLOCK_HZ / DENSE_CYCLES
SPARSE_EFFICIENCY = DENSE_CYCLES / SPARSE_CYCLES
LINK_BITS = 921_600
"""A fast serial port."""

BITS_PER_BYTE = 10
"""On a serial line: a start bit, eight bits of data, a stop bit."""

TRAINING_PASSES = 3
"""The forward pass, the gradient of the activations, and that of the weights: as many multiplications each."""


@dataclass(frozen=True)
class Deployment:
    """Devices and links; every client has the same, and a link of its own.

    Attributes:
        dense_macs: float32 multiply-accumulates per second in dense kernels.
        sparse_efficiency: share of that which sparse kernels reach.
        link_bits: bits per second on the line, each way, one way at a time.
        bits_per_byte: bits on the line for a byte.
        deadline: seconds that the server waits for a client that stays silent; None waits as long as the client
            would have taken.
    """

    dense_macs: float = DENSE_MACS
    sparse_efficiency: float = SPARSE_EFFICIENCY
    link_bits: float = LINK_BITS
    bits_per_byte: float = BITS_PER_BYTE
    deadline: float | None = None


def assumptions(deployment: Deployment) -> tuple[str, ...]:
    """The model in words, a sentence each."""
    dense = deployment.dense_macs
    sparse = dense * deployment.sparse_efficiency
    wait = "as long as it would have taken" if deployment.deadline is None else f"{deployment.deadline:g} s"
    return (
        f"Every client makes {dense / 1e6:,.4g} million multiply-accumulates a second in dense float32 kernels and "
        f"{sparse / 1e6:,.4g} million in sparse ones, and takes whichever kernel is faster: dense over the channels "
        "that its mask leaves, or sparse over the kept weights.",
        f"A training sample costs {TRAINING_PASSES} forward passes; nothing but multiply-accumulates takes time.",
        f"Every client has a link of {deployment.link_bits:,.0f} bit/s with {deployment.bits_per_byte:g} bits a byte, "
        "one way at a time: values down, training, update up.",
        f"A round lasts as long as its slowest client; a client that stays silent is waited for {wait}.",
        "The server, choosing masks, setting clients up, lost frames, and gradients sent besides updates take no time.",
    )
