"""The summary of a run: its keys, how it is filled, how it is written."""

from trainer.summary.build import build_summary, round_summary
from trainer.summary.document import RunSummary, read_summary, write_summary

__all__ = ["RunSummary", "build_summary", "read_summary", "round_summary", "write_summary"]
