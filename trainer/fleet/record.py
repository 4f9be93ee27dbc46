"""What a board has cost and done, counted while it happens."""

from dataclasses import dataclass


@dataclass
class BoardRecord:
    """One board of a run.

    Attributes:
        client: the client that it is.
        place: where it is: an emulator and a board's name, or a URL.
        state: what it does now.
        round: the latest round that it has begun.
        last_trained: the latest round of this run, or of the run it goes on from, whose update arrived; 0 for none.
        rounds: rounds whose update arrived.
        losses: rounds in which no update arrived.
        last_loss: why the latest of them was lost; empty for none.
        retries: requests that were repeated.
        reconnects: how often the line was opened again.
        reboots: how often the board was found to have been reset, or robbed of its mask or samples by another host.
        restarts: how often an emulator had to be started again.
        residuals_lost: reboots that took the remembered rounding with them (encodings that round).
        setup_sent: bytes to the board before its rounds: mask or seed, samples.
        setup_received: bytes from the board then.
        round_sent: bytes to the board in its rounds.
        round_received: bytes from the board then.
        block_bytes: working memory of its learner.
        mask: how its mask came: ``seed``, ``link`` or ``firmware``; empty before.
        ticks: of its clock, training.
        seen: samples that it has seen, each as often as it was.
        tick_instructions: instructions a tick; None where nothing counts them.
    """

    client: int
    place: str
    state: str = "off"
    round: int = 0
    last_trained: int = 0
    rounds: int = 0
    losses: int = 0
    last_loss: str = ""
    retries: int = 0
    reconnects: int = 0
    reboots: int = 0
    restarts: int = 0
    residuals_lost: int = 0
    setup_sent: int = 0
    setup_received: int = 0
    round_sent: int = 0
    round_received: int = 0
    block_bytes: int = 0
    mask: str = ""
    ticks: int = 0
    seen: int = 0
    tick_instructions: float | None = None

    @property
    def instructions_per_sample(self) -> int | None:
        """Instructions a training sample took on average; None where nothing counts them."""
        if self.tick_instructions is None or not self.seen:
            return None
        return round(self.ticks * self.tick_instructions / self.seen)
