"""What a learner takes of its board's RAM."""

from pages.colours import BLUE, GREEN, MUTED, ORANGE, PURPLE
from pages.picture import Picture
from trainer.report.plots.memory import Part, memory_picture
from trainer.summary.boards import LearnerSummary

_USES = (
    ("values and their steps", ("values", "velocity", "residual", "received"), BLUE),
    ("mask", ("counts", "columns", "starts", "live"), GREEN),
    ("activations and gradients", ("activations",), ORANGE),
    ("samples and their order", ("labels", "samples", "order", "shifts"), MUTED),
)


def learner_picture(learner: LearnerSummary) -> Picture:
    """The RAM map of a board that trains."""
    parts = [Part(name, sum(learner.regions[one] for one in uses), colour) for name, uses, colour in _USES]
    rest = max(learner.ram_bytes - sum(part.bytes for part in parts), 0)
    caption = f"RAM of {learner.board} as a client: all that training takes, planned before the firmware was built."
    parts.append(Part("stack, link and the rest", rest, PURPLE))
    return memory_picture(f"learner-{learner.folder}", "RAM map of a client", parts, learner.ram_capacity, caption)
