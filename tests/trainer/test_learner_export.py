"""Keras models as descriptions for boards: what is fused, and what is refused by name with what to do."""

from collections.abc import Callable
from typing import Any

import pytest

from host_bridge.errors import UserError
from trainer.learner_export import describe
from trainer.models import load_builder
from trainer.models.network import build_network

SHAPE, CLASSES = (8, 8, 2), 3


def behind(make: Callable[[Any, Any], Any]) -> Any:
    """A builder of a convolution, what ``make`` puts behind it, and logits."""

    def build(layers: Any, shape: tuple[int, int, int], classes: int) -> tuple[Any, Any]:
        source = layers.Input(shape)
        x = make(layers, layers.Conv2D(4, 3, padding="same", name="conv")(source))
        x = layers.Flatten(name="flatten")(x)
        return source, layers.Dense(classes, name="logits")(x)

    return build


def test_the_default_model() -> None:
    description = describe(build_network(load_builder("digits_cnn"), (8, 8, 1), 10), "digits_cnn")
    assert [layer.kind for layer in description.layers] == ["conv", "max_pool", "conv", "max_pool", "dense", "dense"]
    assert [layer.activation for layer in description.layers] == ["relu", "linear", "relu", "linear", "relu", "linear"]
    assert description.prunable_size == 407_664
    assert description.sha256 == describe(build_network(load_builder("digits_cnn"), (8, 8, 1), 10), "digits_cnn").sha256


def test_activations_move_into_the_layer_before_them() -> None:
    description = describe(build_network(behind(lambda layers, x: layers.ReLU(6.0)(x)), SHAPE, CLASSES), "case")
    assert [(layer.kind, layer.activation) for layer in description.layers] == [("conv", "relu6"), ("dense", "linear")]


def test_a_tensor_that_others_read_is_not_activated_in_place() -> None:
    def both(layers: Any, x: Any) -> Any:
        return layers.Add(name="add")([x, layers.ReLU(name="relu")(x)])

    description = describe(build_network(behind(both), SHAPE, CLASSES), "case")
    assert [layer.kind for layer in description.layers] == ["conv", "relu", "add", "dense"]
    assert description.layers[2].inputs == (0, 1)


REFUSED = {
    "norm.*without normalisation": lambda layers, x: layers.BatchNormalization(name="norm")(x),
    "wide.*dilation_rate=1": lambda layers, x: layers.Conv2D(4, 3, dilation_rate=2, name="wide")(x),
    "round.*tanh.*use relu or relu6": lambda layers, x: layers.Activation("tanh", name="round")(x),
    "leaky.*use another layer": lambda layers, x: layers.LeakyReLU(0.1, name="leaky")(x),
    "low.*ReLU and ReLU6 only": lambda layers, x: layers.ReLU(3.0, name="low")(x),
    "edge.*padding='same'": lambda layers, x: layers.ZeroPadding2D(1, name="edge")(x),
    "both.*use another layer": lambda layers, x: layers.Concatenate(name="both")([x, x]),
    "inner.*put Flatten in front": lambda layers, x: layers.Dense(4, name="inner")(x),
}


@pytest.mark.parametrize("message", REFUSED)
def test_layers_that_boards_cannot_train(message: str) -> None:
    with pytest.raises(UserError, match=message):
        describe(build_network(behind(REFUSED[message]), SHAPE, CLASSES), "case")


def test_models_with_normalisation_are_refused() -> None:
    with pytest.raises(UserError, match="without normalisation"):
        describe(build_network(load_builder("resnet8"), (32, 32, 3), 10), "resnet8")
