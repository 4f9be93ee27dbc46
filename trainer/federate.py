"""The main job as a script: ``python trainer/federate.py`` or ``python -m trainer.federate``, from any folder."""

import sys
from pathlib import Path


def _find_packages() -> None:
    """Put the repository on the path, and take off this folder, whose modules would hide others of the same name."""
    here = Path(__file__).resolve().parent
    others = [entry for entry in sys.path if Path(entry or ".").resolve() != here]
    sys.path[:] = [str(here.parent), *others]


def main() -> None:
    """Run the command line."""
    if not __package__:
        _find_packages()
    from trainer.cli import main as run

    run()


if __name__ == "__main__":
    main()
