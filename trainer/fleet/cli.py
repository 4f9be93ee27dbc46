"""``python -m trainer.fleet describe``: what a board's learner is built from; ``serve``: boards for others to use."""

import time
from pathlib import Path
from typing import Annotated

import typer

from host_bridge.console import run_app

app = typer.Typer(help="Boards as clients.", no_args_is_help=True, add_completion=False)


@app.callback()
def _group() -> None:
    """Boards as clients."""


@app.command()
def describe(
    *,
    out: Annotated[Path, typer.Option(help="The file to write, such as learner.json.")],
    config: Annotated[Path | None, typer.Option(help="TOML file of the run's options.")] = None,
    samples: Annotated[
        int | None, typer.Option(min=1, help="Samples a board has room for; else the largest shard.")
    ] = None,
) -> None:
    """Write the training graph of a run and what its boards must have room for; `firmware_gen learner` reads it."""
    from firmware_gen.learner_file import write_learner_file
    from trainer.config import make_config
    from trainer.config_file import read_options
    from trainer.fleet.planning import describe_run

    options = {} if config is None else read_options(config)
    description, purpose = describe_run(make_config(options), samples)
    write_learner_file(out, description, purpose)
    print(out)


@app.command()
def serve(
    devices: Annotated[str, typer.Argument(help="Emulated boards, such as qemu:2 or native:4@stm32f4_discovery.")],
    *,
    config: Annotated[Path | None, typer.Option(help="TOML file of the run's options.")] = None,
) -> None:
    """Build learners of a run, keep boards running, and print their URLs, joined by commas; Ctrl-C ends them."""
    from trainer.config import make_config
    from trainer.config_file import read_options
    from trainer.fleet.serve import serving

    options = {} if config is None else read_options(config)
    with serving(make_config(options), devices) as urls:
        print(",".join(urls), flush=True)
        while True:
            time.sleep(3600)


def main() -> None:
    """Run the command line."""
    run_app(app)
