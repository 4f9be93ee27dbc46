"""JAX: what runs on a GPU without TensorFlow."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from trainer.backends.backend import Tensor


class JaxBackend:
    """See :class:`trainer.backends.backend.Backend`."""

    name = "jax"

    def compile(self, function: Callable[..., Any], *, xla: bool = False) -> Callable[..., Any]:  # noqa: ARG002
        """``jax.jit``; JAX always compiles with XLA."""
        import jax

        compiled: Callable[..., Any] = jax.jit(function)
        return compiled

    def value_and_gradients(
        self, function: Callable[[list[Tensor]], tuple[Tensor, Any]], at: Sequence[Tensor]
    ) -> tuple[tuple[Tensor, Any], list[Tensor]]:
        """By ``jax.value_and_grad``."""
        import jax

        value, gradients = jax.value_and_grad(function, has_aux=True)(list(at))
        return value, gradients

    def double_precision(self) -> AbstractContextManager[None]:
        """JAX knows no float64 until it is told."""
        import jax

        precision: AbstractContextManager[None] = jax.enable_x64(True)
        return precision

    def repeat(self, count: Tensor, step: Callable[[Tensor, Any], Any], state: Any) -> Any:  # noqa: ANN401
        """By ``jax.lax.fori_loop``."""
        import jax

        return jax.lax.fori_loop(0, count, step, state)
