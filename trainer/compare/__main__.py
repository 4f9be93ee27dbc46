"""``python -m trainer.compare``."""

from host_bridge.console import run_app
from trainer.compare.cli import app

if __name__ == "__main__":
    run_app(app)
