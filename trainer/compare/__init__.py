"""Several runs in one table and one set of pictures: ``python -m trainer.compare RUN…``."""
