"""Every model against the figures of its paper, in Keras 3 and tf_keras; users' own models."""

import math
import sys
from pathlib import Path
from typing import Any

import keras
import pytest

from host_bridge.errors import UserError
from trainer.models import MODELS, check_model_name, load_builder

# name: input shape, classes, prunable weights, multiply-accumulates of one sample
CASES: dict[str, tuple[tuple[int, int, int], int, int, int | None]] = {
    "digits_cnn": ((8, 8, 1), 10, 16 * 9 + 16 * 80 * 9 + 320 * 1200 + 12000, None),
    "lenet5": ((28, 28, 1), 10, 150 + 2400 + 48000 + 10080 + 840, None),
    "fashion_cnn": ((28, 28, 1), 10, 144 + 4608 + 9216 + 1568 * 640 + 6400, None),
    "resnet8": ((32, 32, 3), 10, 77_360, 12_501_632),
    "ds_cnn": ((49, 10, 1), 12, 64 * 40 + 4 * 64 * 64 + 64 * 12, 2_656_768),
    "har_cnn": ((128, 1, 9), 6, 9 * (9 * 24 + 24 * 48 + 48 * 64) + 1024 * 256 + 1536, None),
    "vgg19": ((32, 32, 3), 10, 20_024_000, 398_136_320),
    "resnet18": ((32, 32, 3), 10, 11_164_352, 555_422_720),
}


def build(layers: Any, name: str) -> Any:
    shape, classes, _, _ = CASES[name]
    return load_builder(name)(layers, shape, classes)


def kernels(model: keras.Model) -> list[tuple[str, tuple[int, ...], int]]:
    """Layer class, kernel shape and output positions of every layer with a kernel."""
    return [
        (type(layer).__name__, tuple(layer.kernel.shape), math.prod(layer.output.shape[1:-1]))
        for layer in model.layers
        if hasattr(layer, "kernel")
    ]


@pytest.fixture(scope="module")
def models() -> dict[str, keras.Model]:
    return {name: keras.Model(*build(keras.layers, name)) for name in CASES}


def test_every_model_is_a_case() -> None:
    assert set(MODELS.names) == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_weights_and_multiplications_are_those_of_the_paper(name: str, models: dict[str, keras.Model]) -> None:
    _, classes, prunable, macs = CASES[name]
    rows = kernels(models[name])
    assert sum(math.prod(shape) for kind, shape, _ in rows if kind != "DepthwiseConv2D") == prunable
    if macs is not None:
        assert sum(math.prod(shape) * positions for _, shape, positions in rows) == macs
    assert models[name].output.shape == (None, classes)


@pytest.mark.parametrize("name", CASES)
def test_outputs_are_logits_and_convolutions_are_normalised(name: str, models: dict[str, keras.Model]) -> None:
    model = models[name]
    assert model.layers[-1].activation is keras.activations.linear
    assert not any(isinstance(layer, keras.layers.Softmax) for layer in model.layers)
    for layer in model.layers:
        if not isinstance(layer, keras.layers.Conv2D | keras.layers.DepthwiseConv2D):
            continue
        readers = [node.operation for node in layer._outbound_nodes]
        normalised = all(isinstance(reader, keras.layers.BatchNormalization) for reader in readers)
        exempt = name == "digits_cnn" or (name == "resnet8" and layer.name.endswith("_shortcut"))
        assert layer.use_bias is exempt
        assert normalised is not exempt


@pytest.mark.parametrize("name", ["resnet8", "ds_cnn", "lenet5", "har_cnn"])
def test_tf_keras_builds_the_same_tensors(name: str, models: dict[str, keras.Model]) -> None:
    import tf_keras

    other = tf_keras.Model(*build(tf_keras.layers, name))
    ours = [(variable.path, tuple(variable.shape)) for variable in models[name].trainable_variables]
    theirs = [(variable.name.removesuffix(":0"), tuple(variable.shape)) for variable in other.trainable_variables]
    if name == "ds_cnn":
        theirs = [(path.replace("/depthwise_kernel", "/kernel"), shape) for path, shape in theirs]
    assert theirs == ours


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("digits_cnn", (3, 8, 1)),
        ("lenet5", (27, 28, 1)),
        ("fashion_cnn", (28, 3, 1)),
        ("resnet8", (3, 3, 3)),
        ("ds_cnn", (49, 3, 1)),
        ("har_cnn", (128, 2, 9)),
        ("har_cnn", (7, 1, 9)),
        ("vgg19", (28, 28, 1)),
        ("resnet18", (7, 32, 3)),
    ],
)
def test_a_shape_that_does_not_fit_is_named(name: str, shape: tuple[int, int, int]) -> None:
    with pytest.raises(UserError, match=f"^{name} needs .* not {'x'.join(map(str, shape))}; choose another .*$"):
        MODELS.get(name)(keras.layers, shape, 10)


@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 32, 3)])
def test_lenet5_has_the_maps_of_the_paper(shape: tuple[int, int, int]) -> None:
    model = keras.Model(*MODELS.get("lenet5")(keras.layers, shape, 10))
    maps = [tuple(model.get_layer(name).output.shape[1:]) for name in ("c1", "s2", "c3", "s4", "c5", "f6")]
    assert maps == [(28, 28, 6), (14, 14, 6), (10, 10, 16), (5, 5, 16), (1, 1, 120), (84,)]


def test_larger_images_than_vgg19_needs() -> None:
    assert keras.Model(*MODELS.get("vgg19")(keras.layers, (70, 64, 1), 7)).output.shape == (None, 7)


OWN = """
def good(layers, input_shape, classes):
    source = layers.Input(input_shape)
    return source, layers.Dense(classes)(layers.Flatten()(source))

def wrong_classes(layers, input_shape, classes):
    source = layers.Input(input_shape)
    return source, layers.Dense(classes + 1)(layers.Flatten()(source))

def wrong_input(layers, input_shape, classes):
    source = layers.Input((9,))
    return source, layers.Dense(classes)(source)

def raises(layers, input_shape, classes):
    raise RuntimeError("two\\nlines")

def nothing(layers, input_shape, classes):
    pass

def numbers(layers, input_shape, classes):
    return 1, 2

constant = 3
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with the module ``own_nets``, imported by nobody yet."""
    (tmp_path / "own_nets.py").write_text(OWN)
    (tmp_path / "own_broken.py").write_text("1 / 0\n")
    monkeypatch.chdir(tmp_path)
    for module in ("own_nets", "own_broken"):
        monkeypatch.delitem(sys.modules, module, raising=False)


@pytest.mark.usefixtures("own")
def test_a_users_own_model() -> None:
    before = list(sys.path)
    assert check_model_name("own_nets:good") == "own_nets:good"
    model = keras.Model(*load_builder("own_nets:good")(keras.layers, (4, 4, 2), 5))
    assert model.count_params() == 4 * 4 * 2 * 5 + 5
    assert sys.path == before


@pytest.mark.usefixtures("own")
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing_nets:f", "no module missing_nets"),
        ("own_nets.inner:f", "no module own_nets.inner"),
        ("own_broken:f", "ZeroDivisionError"),
        ("own_nets:absent", "has no absent"),
        ("own_nets:constant", "constant is of type int"),
        ("own_nets:", "package.module:function"),
        (":good", "package.module:function"),
        ("../own_nets:good", "package.module:function"),
        ("leenet", "unknown model 'leenet'; choose from: digits_cnn, .*package.module:function"),
    ],
)
def test_a_name_that_is_no_model(name: str, message: str) -> None:
    for function in (check_model_name, load_builder):
        with pytest.raises(UserError, match=message) as caught:
            function(name)
        assert "\n" not in str(caught.value)


@pytest.mark.usefixtures("own")
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("wrong_classes", r"outputs have shape \(None, 6\), not \(None, 5\)"),
        ("wrong_input", r"inputs have shape \(None, 9\), not \(None, 4, 4, 2\)"),
        ("raises", "RuntimeError: two lines"),
        ("nothing", "returned a NoneType"),
        ("numbers", "returned a tuple"),
    ],
)
def test_a_builder_that_does_not_build(name: str, message: str) -> None:
    with pytest.raises(UserError, match=f"own_nets:{name}.*{message}") as caught:
        load_builder(f"own_nets:{name}")(keras.layers, (4, 4, 2), 5)
    assert "\n" not in str(caught.value)
