"""``report.html``: a run at a glance, in one file that needs no network."""

from trainer.report.page import write_report

__all__ = ["write_report"]
