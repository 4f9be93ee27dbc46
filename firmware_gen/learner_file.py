"""``learner.json``: a training graph, and what its firmware is to have room for. A trainer writes it."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from firmware_gen.learner import LearnerDescription, Purpose
from host_bridge.atomic import write_whole
from host_bridge.errors import UserError


class LearnerFile(BaseModel):
    """What ``learner.json`` holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    description: LearnerDescription
    purpose: Purpose


def write_learner_file(path: Path, description: LearnerDescription, purpose: Purpose) -> None:
    """Write the file whole.

    Raises:
        UserError: it cannot be written.
    """
    write_whole(path, LearnerFile(description=description, purpose=purpose).model_dump_json(indent=1) + "\n")


def read_learner_file(path: Path) -> LearnerFile:
    """Read the file.

    Raises:
        UserError: there is none, or it holds something else; names the first fault.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not text"
        raise UserError(f"cannot read {path}: {reason}; python -m trainer.fleet describe writes such files") from error
    try:
        return LearnerFile.model_validate_json(text)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        where = ".".join(map(str, fault["loc"])) or "the document"
        raise UserError(f"{path} is not a learner's file: {where}: {fault['msg']}") from None
