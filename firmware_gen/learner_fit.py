"""Whether a learner fits a board: known, and refused, before anything is built."""

from firmware_gen.boards import Board
from firmware_gen.learner.pieces import SCRATCH, Room
from firmware_gen.learner.plan import LearnerPlan
from host_bridge.errors import UserError

LINK_BYTES = 11_008
"""RAM of a learner's firmware beside its working memory and stack, at most: link, rounds, the key's, and the most that
a UART's driver takes. The tests hold linked firmware against it."""
STACK_BYTES = 4096
"""Stack of a learner, where its board reserves more for models; a build whose worst case is deeper is refused."""
_REMEDIES = "prune further, hold fewer samples, send values as float32, or choose a larger board"
_MASK_REMEDY = "bake or send the mask instead of computing it on the board (seeded = false), "


def learner_board(board: Board) -> Board:
    """The board with a learner's stack."""
    return board.model_copy(update={"stack_bytes": min(board.stack_bytes, STACK_BYTES)})


def room_of(board: Board) -> Room:
    """Memory that a board has for a learner."""
    first = board.ram[0].bytes - board.stack_bytes - LINK_BYTES
    return Room(max(first, 0), board.ram[1].bytes if len(board.ram) > 1 else 0)


def check_learner_fits(plan: LearnerPlan, board: Board) -> None:
    """Refuse a learner whose memory is beyond the board.

    Raises:
        UserError: says what each RAM needs and has, what takes most, and what would help.
    """
    room = room_of(board)
    if plan.bytes > room.first or plan.second_bytes > room.second:
        raise too_large(plan, board, LINK_BYTES)


def too_large(plan: LearnerPlan, board: Board, other: int) -> UserError:
    """The refusal, with ``other`` bytes in the first RAM beside working memory and stack."""
    needs = (plan.bytes + board.stack_bytes + other, plan.second_bytes)
    regions = [f"{region.name} {need} of {region.bytes}" for region, need in zip(board.ram, needs, strict=False)]
    name, size = max(((one, size) for one, size in plan.sizes.items() if one not in SCRATCH), key=lambda item: item[1])
    return UserError(
        f"the learner does not fit the RAM of {board.name}: it needs {' and '.join(regions)} bytes "
        f"(working memory {plan.total_bytes}, stack {board.stack_bytes}, link and rest {other}); "
        f"its {name} take most with {size} bytes; {_MASK_REMEDY if plan.sizes['scratch'] else ''}{_REMEDIES}"
    )
