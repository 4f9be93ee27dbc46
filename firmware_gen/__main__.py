"""``python -m firmware_gen``."""

from firmware_gen.cli import app
from host_bridge.console import run_app

if __name__ == "__main__":
    run_app(app)
