"""What TensorFlow Lite Micro with CMSIS-NN takes, measured once in November 2026; constants.

TensorFlow Lite Micro 90b983c2, CMSIS-NN 4ab83cc3, GCC 12.2, its own release flags, a resolver with the operators used.
QEMU 7.2 with ``-icount shift=0``: M4 on mps2-an386, M7 on mps2-an500, M55 with MVE on mps3-an547. Instructions of one
``Invoke()``; flash is code and model; the arena has all scratch, and on the Cortex-M7 is that of the Cortex-M4.
"""

from dataclasses import dataclass

CORES = {"cortex-m4": "mps2_an386", "cortex-m7": "mps2_an500", "cortex-m55": "mps3_an547"}
"""Board of each core."""


@dataclass(frozen=True)
class Figures:
    """Of one model on one core: instructions of an inference, bytes of flash and of arena."""

    instructions: int
    flash: int
    arena: int


_MEASURED = {
    # model: instructions on M4, M7, M55; code on M4, M7, M55; bytes of the model; arena on M4 and M55
    "resnet8": ((29_863_120, 30_026_320, 4_911_000), (51_696, 50_300, 41_984), 98_496, (54_996, 55_028)),
    "ds_cnn": ((7_697_760, 7_643_520, 1_813_562), (53_892, 52_276, 45_240), 53_936, (22_820, 27_348)),
    "mobilenet_v1_0.25": (
        (24_101_560, 24_025_160, 6_557_968), (53_892, 52_276, 45_240), 333_288, (100_708, 100_772),
    ),
    "autoencoder": ((582_920, 583_200, 149_968), (29_268, 26_772, 21_308), 276_976, (2_580, 9_268)),
    "resnet8_98": ((29_863_600, 30_015_960, 4_913_656), (51_696, 50_300, 41_984), 95_568, (55_092, 55_124)),
    "resnet18": ((967_003_200, 966_918_400, 110_098_781), (45_136, 43_152, 34_704), 11_295_520, (305_444, 305_492)),
    "vgg19": ((668_869_187, 669_006_312, 74_082_312), (41_904, 39_600, 32_560), 20_169_680, (181_300, 181_348)),
}  # fmt: skip


def tflm(model: str, core: str) -> Figures:
    """The figures of a model on a core; zeros among the weights change nothing.

    Raises:
        KeyError: it was not measured.
    """
    instructions, code, size, arenas = _MEASURED[model]
    position = list(CORES).index(core)
    return Figures(instructions[position], code[position] + size, arenas[core == "cortex-m55"])
