"""Flower's simulation: SuperNodes in processes of this machine, by Ray."""

import logging
import os
import sys
from pathlib import Path
from queue import Empty, Queue
from threading import Event, Thread
from typing import Any

from flwr.app import Context
from flwr.serverapp import Grid, ServerApp

from host_bridge.errors import UserError

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 120.0
_QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "FLWR_TELEMETRY_ENABLED": "0", "FLWR_UPDATE_CHECK": "0"}


class Simulation:
    """A running simulation; :meth:`stop` ends it.

    Flower wants to be the one who calls, so it runs in a thread, and its ServerApp hands the grid over and waits.

    Args:
        nodes: how many SuperNodes.
        cpus: cores that Ray may use; None for all.
    """

    def __init__(self, nodes: int, cpus: int | None = None) -> None:
        self._nodes = nodes
        self._cpus = cpus or os.cpu_count() or 1
        self._grids: Queue[Grid] = Queue()
        self._end = Event()
        self._failure: BaseException | None = None
        self._thread = Thread(target=self._run, name="flower-simulation", daemon=True)

    def start(self) -> Grid:
        """Start it.

        Raises:
            UserError: Flower does not come up; carries its own words.
        """
        logging.getLogger("flwr").setLevel(logging.ERROR)
        for name, value in _QUIET.items():
            os.environ.setdefault(name, value)
        paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        os.environ["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(paths))
        self._thread.start()
        for _ in range(int(START_SECONDS * 10)):
            try:
                return self._grids.get(timeout=0.1)
            except Empty:
                if not self._thread.is_alive():
                    break
        self.stop()
        raise UserError(f"Flower's simulation did not start: {self._failure or 'it gave no reason'}")

    def stop(self) -> None:
        """End it and the processes it started; may be called again."""
        self._end.set()
        if self._thread.is_alive():
            self._thread.join(timeout=30)

    def _run(self) -> None:
        from flwr.simulation import run_simulation

        from trainer.flower.client_app import app

        server = ServerApp()

        @server.main()
        def main(grid: Grid, context: Context) -> None:  # noqa: ARG001 - Flower's signature
            self._grids.put(grid)
            self._end.wait()

        resources: dict[str, Any] = {
            "init_args": {"num_cpus": self._cpus, "include_dashboard": False, "log_to_driver": False},
            "client_resources": {"num_cpus": 1, "num_gpus": 0.0},
        }
        try:
            run_simulation(server, app, num_supernodes=self._nodes, backend_config=resources)
        except Exception as error:
            self._failure = error
        finally:
            sys.stdout.flush()
