"""What interrupts put on the stack, beside what their handlers take.

The core stores eight words when it takes an exception, and room for 18 more where it has an FPU (s0 to s15, FPSCR and a
reserved word), which lazy stacking fills only when needed but always sets aside; one word more keeps the stack aligned
to 8 bytes (Arm DDI 0403, B1.5.7 and B1.5.8). Armv8-M does so, too, where the security state stays (DDI 0553, B3.19).

All device interrupts and SysTick keep the priority that reset gives them, the same for all: none interrupts another. A
fault does, once, and ends in a handler that never returns.
"""

from firmware_gen.boards import Board

_BASIC = 8 * 4
_FLOATING_POINT = 18 * 4
_ALIGNMENT = 4
LEVELS = "one interrupt, and a fault on top of it"


def exception_frame(board: Board) -> int:
    """Bytes that the core stores for one exception, at most."""
    return _BASIC + (_FLOATING_POINT if board.core.float_abi == "hard" else 0) + _ALIGNMENT
