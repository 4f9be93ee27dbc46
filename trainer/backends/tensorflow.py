"""TensorFlow: graph mode, convolutions by oneDNN."""

import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Any

from trainer.backends.backend import Tensor
from trainer.backends.lanes import Lanes

_CONCURRENCY = "--xla_cpu_enable_concurrency_optimized_scheduler"


class TensorFlowBackend:
    """See :class:`trainer.backends.backend.Backend`.

    A client trains on one core, and several at the same time: splitting the small operations of one client over cores
    costs more than it saves. ``TF_NUM_INTRAOP_THREADS`` overrides it. Nor does XLA spread the operations of one client:
    clients at the same time would wait for each other's. Another value of the flag in ``XLA_FLAGS`` overrides that.
    """

    name = "tensorflow"

    def __init__(self) -> None:
        flags = os.environ.get("XLA_FLAGS", "")
        if _CONCURRENCY not in flags:  # read when XLA first compiles
            os.environ["XLA_FLAGS"] = f"{flags} {_CONCURRENCY}=false".strip()
        import tensorflow as tf

        if "TF_NUM_INTRAOP_THREADS" not in os.environ:
            # Too late once TensorFlow has computed anything, as within another program: then it stays as it is.
            with suppress(RuntimeError):
                tf.config.threading.set_intra_op_parallelism_threads(1)
        self._lanes = Lanes()

    def compile(self, function: Callable[..., Any], *, xla: bool = False) -> Callable[..., Any]:
        """``tf.function``; one trace serves inputs of different lengths."""
        import tensorflow as tf

        compiled: Callable[..., Any] = tf.function(function, reduce_retracing=True, jit_compile=xla or None)
        return self._lanes.spread(compiled) if xla else compiled

    def value_and_gradients(
        self, function: Callable[[list[Tensor]], tuple[Tensor, Any]], at: Sequence[Tensor]
    ) -> tuple[tuple[Tensor, Any], list[Tensor]]:
        """By ``tf.GradientTape``."""
        import tensorflow as tf

        inputs = [tf.convert_to_tensor(tensor) for tensor in at]
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            value, rest = function(inputs)
        gradients = tape.gradient(value, inputs, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        return (value, rest), gradients

    def double_precision(self) -> AbstractContextManager[None]:
        """Nothing to do."""
        return nullcontext()

    def repeat(self, count: Tensor, step: Callable[[Tensor, Any], Any], state: Any) -> Any:  # noqa: ANN401
        """By ``tf.while_loop``."""
        import tensorflow as tf

        def body(number: Tensor, now: Any) -> Any:  # noqa: ANN401
            return number + 1, step(number, now)

        return tf.while_loop(lambda number, _: number < count, body, (tf.constant(0), state), parallel_iterations=1)[1]
