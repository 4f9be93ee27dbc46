"""``python -m trainer.fleet``."""

from trainer.fleet.cli import main

if __name__ == "__main__":
    main()
