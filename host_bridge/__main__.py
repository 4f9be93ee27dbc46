"""``python -m host_bridge``."""

from host_bridge.cli import app
from host_bridge.console import run_app

if __name__ == "__main__":
    run_app(app)
