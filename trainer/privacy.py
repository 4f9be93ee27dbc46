"""Which of Flower's protections go with updates of kept values alone."""

from typing import TYPE_CHECKING

from host_bridge.errors import UserError

if TYPE_CHECKING:
    from trainer.config import RunConfig


def check_privacy(config: "RunConfig") -> None:
    """Refuse what does not go together.

    Raises:
        UserError: names the options and what stands between them.
    """
    asked = f"privacy = {config.privacy!r}"
    if config.privacy == "none":
        return
    if config.privacy == "secagg":
        raise UserError(
            f"{asked} is refused: Flower's SecAgg+ mod answers only Flower's own legacy workflow, which averages whole "
            "models and cannot average each weight over those that hold it; use local-dp or none"
        )
    if config.engine != "flower":
        raise UserError(f"{asked} is done by Flower's mods; add --engine flower")
    if config.encoding != "float32":
        raise UserError(f"{asked} clips and blurs float32 values, not {config.encoding}; use --encoding float32")
