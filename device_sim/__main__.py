"""``python -m device_sim``."""

from device_sim.cli import app
from host_bridge.console import run_app

if __name__ == "__main__":
    run_app(app)
