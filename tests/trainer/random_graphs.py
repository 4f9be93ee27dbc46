"""Random functional models for property tests: a list of steps, each reading tensors that earlier steps made."""

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

Step = tuple[str, int, int, int]
"""Kind, positions of one or two tensors to read (modulo those there are), number of channels."""

KINDS = ("conv", "norm", "depthwise", "add", "concatenate", "sigmoid", "pool")


@dataclass(frozen=True)
class Program:
    """A model builder; all maps have one size, so that any two of as many channels can be added."""

    steps: tuple[Step, ...]
    flat: bool

    def __call__(self, layers: Any, input_shape: tuple[int, int, int], classes: int) -> tuple[Any, Any]:
        source = layers.Input(input_shape, name="source")
        made = [layers.Conv2D(6, 3, padding="same", name="first")(source)]
        for number, (kind, left, right, channels) in enumerate(self.steps):
            # Prefer late tensors, so that programs become deep and few steps are read by nobody.
            one, other = made[-1 - left % min(2, len(made))], made[right % len(made)]
            made.append(_step(layers, (kind, number, channels), one, other))
        ending = layers.Flatten(name="end") if self.flat else layers.GlobalAveragePooling2D(name="end")
        return source, layers.Dense(classes, name="logits")(ending(made[-1]))


def _step(layers: Any, step: tuple[str, int, int], one: Any, other: Any) -> Any:
    kind, number, channels = step
    name = f"{kind}{number}"
    if kind in ("add", "concatenate"):
        return _join(layers, name, one, other)
    if kind == "norm":
        return layers.ReLU(name=f"{name}_relu")(layers.BatchNormalization(name=name)(one))
    if kind == "depthwise":
        layer = layers.DepthwiseConv2D(3, padding="same", depth_multiplier=1 + channels % 2, name=name)
    elif kind == "sigmoid":
        layer = layers.Activation("sigmoid", name=name)
    elif kind == "pool":
        layer = layers.MaxPooling2D(3, strides=1, padding="same", name=name)
    else:
        layer = layers.Conv2D(channels, 3, padding="same", activation="relu", name=name)
    return layer(one)


def _join(layers: Any, name: str, one: Any, other: Any) -> Any:
    if name.startswith("concatenate"):
        return layers.Concatenate(name=name)([one, other])
    if one.shape != other.shape or one is other:
        one = layers.Conv2D(other.shape[-1], 1, name=f"{name}_fit")(one)
    return layers.Add(name=name)([one, other])


def programs() -> st.SearchStrategy[Program]:
    step = st.tuples(st.sampled_from(KINDS), st.integers(0, 9), st.integers(0, 9), st.integers(2, 7))
    return st.builds(Program, st.lists(step, min_size=2, max_size=7).map(tuple), st.booleans())
