"""What the processes of a study do."""

import os
from pathlib import Path
from typing import Any


def quiet() -> None:
    """One thread for each process, and no chatter."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    if os.environ.get("KERAS_BACKEND") == "jax":
        return
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def run_one(work: tuple[Path | None, str, dict[str, Any]]) -> str:
    """Run one federation, or without a folder try it out; a line about it."""
    from benchmarks.results.runs import run, try_out

    folder, name, options = work
    label = f"{name} {options['method']} {options.get('pruner', '')} {options.get('sparsity', '')} {options['seed']}"
    try:
        result = try_out(options) if folder is None else run(folder / name, options)
    except Exception as error:
        return f"{label}: FAILED {type(error).__name__}: {error}"
    return f"{label}: {result.accuracy:.2%}, own {result.local_mean:.2%}, {result.seconds:.0f} s"
