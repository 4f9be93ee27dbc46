"""The part of ``summary.json`` about clients that were boards."""

from pydantic import BaseModel, ConfigDict, Field

from firmware_gen.learner_report import LearnerReport
from trainer.fleet.record import BoardRecord


class BoardSummary(BaseModel):
    """One client that was a board. Bytes are those of the line: framing, acknowledgements and repetitions included."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    client: int = Field(description="from 0")
    place: str = Field(description="an emulator and a board's name, or a serial URL")
    samples: int = Field(description="training samples it holds")
    rounds: int = Field(description="rounds whose update arrived")
    losses: int = Field(description="rounds in which no update of it arrived")
    last_loss: str = Field(description="why the latest of them was lost; empty for none")
    mask: str = Field(description="how its mask came: seed (it computed it), link, or firmware")
    setup_bytes: int = Field(description="mask and samples, both directions, after reboots again")
    bytes_down_per_round: int = Field(description="to the board: mean over its rounds")
    bytes_up_per_round: int = Field(description="from the board")
    share_of_dense: float = Field(description="both directions of a round against those of dense float32 FedAvg")
    retries: int = Field(description="requests that were repeated")
    reconnects: int = Field(description="times its line was opened again")
    reboots: int = Field(description="times it was found to have been reset")
    restarts: int = Field(description="times its emulator was started again")
    residuals_lost: int = Field(description="reboots that took the remembered rounding with them")
    instructions_per_sample: int | None = Field(description="of training, mean; null where nothing counts them")
    ram_bytes: int = Field(description="working memory of its learner")


class LearnerSummary(BaseModel):
    """One firmware that boards ran, and the folder of its project in ``learners``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    folder: str
    board: str
    target: str
    flash_bytes: int
    ram_bytes: int
    ram_capacity: int
    regions: dict[str, int] = Field(
        description="bytes of working memory by what they are for; kept and scratch lie over others"
    )


class FleetSummary(BaseModel):
    """All clients that were boards."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    boards: tuple[BoardSummary, ...]
    learners: tuple[LearnerSummary, ...]


def fleet_summary(
    records: tuple[BoardRecord, ...],
    learners: dict[str, LearnerReport],
    samples: tuple[int, ...],
    dense_bytes: int,
) -> FleetSummary | None:
    """Summarise a fleet; None without boards.

    Args:
        records: of the boards.
        learners: firmware by folder.
        samples: of each client of the run.
        dense_bytes: of one direction of a client's round under dense float32 FedAvg.
    """
    if not records:
        return None
    boards = tuple(_board(one, samples[one.client], dense_bytes) for one in records)
    return FleetSummary(boards=boards, learners=tuple(_learner(name, one) for name, one in learners.items()))


def _board(one: BoardRecord, samples: int, dense_bytes: int) -> BoardSummary:
    rounds = max(one.rounds, 1)
    return BoardSummary(
        client=one.client,
        place=one.place,
        samples=samples,
        rounds=one.rounds,
        losses=one.losses,
        last_loss=one.last_loss,
        mask=one.mask,
        setup_bytes=one.setup_sent + one.setup_received,
        bytes_down_per_round=round(one.round_sent / rounds),
        bytes_up_per_round=round(one.round_received / rounds),
        share_of_dense=(one.round_sent + one.round_received) / rounds / (2 * dense_bytes),
        retries=one.retries,
        reconnects=one.reconnects,
        reboots=one.reboots,
        restarts=one.restarts,
        residuals_lost=one.residuals_lost,
        instructions_per_sample=one.instructions_per_sample,
        ram_bytes=one.block_bytes,
    )


def _learner(name: str, one: LearnerReport) -> LearnerSummary:
    return LearnerSummary(
        folder=name,
        board=one.board,
        target=one.target,
        flash_bytes=one.flash_bytes["total"],
        ram_bytes=one.ram_bytes["total"],
        ram_capacity=one.ram_capacity,
        regions=one.regions,
    )
