"""Whether a model fits a board: refused before anything is written where that can be known, else after linking."""

from dataclasses import dataclass

from firmware_gen.boards import Board
from firmware_gen.passes.plan import lifetimes
from firmware_gen.program import ConvCall, Plan, Program
from host_bridge.errors import UserError


@dataclass(frozen=True)
class Demand:
    """What a model needs for sure, before any code.

    Attributes:
        weights: bytes of encoded weights.
        requant: bytes of biases, multipliers and shifts.
        arena: bytes.
        largest_weights: the layer with most weight bytes, and how many.
        largest_tensor: the buffer that is largest at the busiest call, and its bytes.
    """

    weights: int
    requant: int
    arena: int
    largest_weights: tuple[str, int]
    largest_tensor: tuple[str, int]


def demand(program: Program, plan: Plan) -> Demand:
    """Add up what a placed program needs."""
    convs = [call for call in program.calls if isinstance(call, ConvCall)]
    sizes = [(call.layer.name, len(call.weights.data)) for call in convs]
    requant = sum(one.requant.bias.nbytes + one.requant.multiplier.nbytes + one.requant.shift.nbytes for one in convs)
    heaviest = max(sizes, key=lambda pair: pair[1], default=("", 0))
    return Demand(sum(size for _, size in sizes), requant, plan.arena_bytes, heaviest, _busiest(program))


def _busiest(program: Program) -> tuple[str, int]:
    """The largest buffer among those alive when most bytes are."""
    items = lifetimes(program)
    moments = sorted({item.first for item in items})
    alive = [[i for i, item in enumerate(items) if item.first <= at <= item.last] for at in moments]
    busiest = max(alive, key=lambda indices: sum(items[i].size for i in indices))
    largest = max(busiest, key=lambda i: items[i].size)
    return program.buffers[largest].name, program.buffers[largest].bytes


def check_fit(need: Demand, board: Board) -> None:
    """Refuse a model whose data alone is beyond the board.

    Raises:
        UserError: says by how much, and which layer or tensor dominates.
    """
    if reasons := misfits(need, board):
        raise UserError("; and ".join(reasons))


def misfits(need: Demand, board: Board) -> list[str]:
    """Why a model does not fit: for flash and RAM by how much, what dominates, and what would help."""
    flash = board.flash[0].bytes - need.weights - need.requant
    ram = board.ram[0].bytes - board.stack_bytes - need.arena
    reasons = [_flash_message(board, -flash, need)] if flash < 0 else []
    return reasons + ([_ram_message(board, -ram, need)] if ram < 0 else [])


def explain_overflow(overflows: dict[str, int], need: Demand, board: Board) -> UserError:
    """The linker's complaint in terms of the model; ``overflows`` has bytes by memory region."""
    if board.flash[0].name in overflows:
        return UserError(_flash_message(board, overflows[board.flash[0].name], need))
    return UserError(_ram_message(board, overflows.get(board.ram[0].name, 0), need))


def _flash_message(board: Board, excess: int, need: Demand) -> str:
    name, size = need.largest_weights
    return (
        f"the model does not fit the flash of {board.name}: {excess} bytes too many for {board.flash[0].bytes} "
        f"(weights {need.weights}, requantisation {need.requant}); layer '{name}' dominates with {size} bytes; "
        "prune further or choose a larger board"
    )


def _ram_message(board: Board, excess: int, need: Demand) -> str:
    name, size = need.largest_tensor
    return (
        f"the model does not fit the RAM of {board.name}: {excess} bytes too many for {board.ram[0].bytes} "
        f"(arena {need.arena}, stack {board.stack_bytes}); tensor '{name}' dominates with {size} bytes; "
        "use smaller activations or choose a larger board"
    )
