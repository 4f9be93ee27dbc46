"""What a backend is."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

Tensor = Any
"""A tensor of the backend."""


class Backend(Protocol):
    """The few operations that differ between the frameworks below Keras."""

    name: str

    def compile(self, function: Callable[..., Any], *, xla: bool = False) -> Callable[..., Any]:
        """Compile a function of tensors; ``xla`` asks for XLA where the framework leaves a choice."""

    def value_and_gradients(
        self, function: Callable[[list[Tensor]], tuple[Tensor, Any]], at: Sequence[Tensor]
    ) -> tuple[tuple[Tensor, Any], list[Tensor]]:
        """What ``function`` gives, a scalar and anything else, and the scalar's gradients with respect to ``at``.

        Calls can be nested, which gives products with the Hessian. Tensors that the scalar does not depend on get
        zeros.
        """

    def double_precision(self) -> AbstractContextManager[None]:
        """Where float64 tensors and models are made and computed with; elsewhere they may become float32."""

    def repeat(self, count: Tensor, step: Callable[[Tensor, Any], Any], state: Any) -> Any:  # noqa: ANN401
        """``state = step(number, state)`` for numbers 0 to ``count`` - 1, as a loop of the compiled graph.

        Args:
            count: int32 scalar.
            step: keeps the structure, shapes and types of the state.
            state: nested lists of tensors.
        """
