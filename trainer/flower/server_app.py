"""The ServerApp: ``flwr run`` does what ``python trainer/federate.py`` does, on the SuperNodes there are."""

from typing import Any

from flwr.app import Context
from flwr.serverapp import Grid, ServerApp

app = ServerApp()


@app.main()
def main(grid: Grid, context: Context) -> None:
    """A whole run, with the options of ``--run-config``."""
    from host_bridge.console import run_cli
    from trainer.flower.options import read_run_config
    from trainer.flower.start import bound_grid
    from trainer.run import run

    def whole() -> None:
        config, resume = read_run_config(dict[str, Any](context.run_config))
        with bound_grid(grid):
            run(config, resume=resume)

    run_cli(whole)
