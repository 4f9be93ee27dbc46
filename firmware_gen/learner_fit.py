"""Whether a learner fits a board: known, and refused, before anything is built."""

from firmware_gen.boards import Board
from firmware_gen.learner.pieces import SCRATCH, Room
from firmware_gen.learner.plan import LearnerPlan
from host_bridge.errors import UserError

LINK_BYTES = 10_880
"""RAM of a learner's firmware beside its working memory and stack, at most: link, rounds, and the most that a UART's
driver takes. The tests hold linked firmware against it."""
KEY_BYTES = 2_688
"""The same for a key: sessions with tags, and longer frames."""
STACK_BYTES = 4096
"""Stack of a learner, where its board reserves more for models; a build whose worst case is deeper is refused."""
_REMEDIES = "prune further, hold fewer samples, send values as float32, or choose a larger board"
_MASK_REMEDY = "bake or send the mask instead of computing it on the board (seeded = false), "


def learner_board(board: Board) -> Board:
    """The board with a learner's stack."""
    return board.model_copy(update={"stack_bytes": min(board.stack_bytes, STACK_BYTES)})


def link_bytes(*, keyed: bool) -> int:
    """What is set aside beside working memory and stack."""
    return LINK_BYTES + (KEY_BYTES if keyed else 0)


def room_of(board: Board, other: int = LINK_BYTES) -> Room:
    """Memory that a board has for a learner, with ``other`` bytes set aside."""
    first = board.ram[0].bytes - board.stack_bytes - other
    return Room(max(first, 0), board.ram[1].bytes if len(board.ram) > 1 else 0)


def check_learner_fits(plan: LearnerPlan, board: Board, other: int = LINK_BYTES) -> None:
    """Refuse a learner whose memory is beyond the board.

    Raises:
        UserError: says what each RAM needs and has, what takes most, and what would help.
    """
    room = room_of(board, other)
    if plan.bytes > room.first or plan.second_bytes > room.second:
        raise too_large(plan, board, other)


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
