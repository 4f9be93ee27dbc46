"""A run between two rounds, on disk: written whole after every round, and only data."""

from trainer.checkpoint.checkpoint import Checkpoint, Origin
from trainer.checkpoint.file import CHECKPOINT, read_checkpoint, write_checkpoint
from trainer.checkpoint.resume import check_options, origin_of, resumable, resumed

__all__ = [
    "CHECKPOINT",
    "Checkpoint",
    "Origin",
    "check_options",
    "origin_of",
    "read_checkpoint",
    "resumable",
    "resumed",
    "write_checkpoint",
]
