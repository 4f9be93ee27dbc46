"""One picture per module; each function turns a summary into a :class:`~trainer.report.plots.picture.Picture`."""
