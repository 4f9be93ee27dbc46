"""A Keras model as a learner's description: what :mod:`firmware_gen.learner` makes firmware of.

Layers are followed by :mod:`trainer.channels.graph`; one that a board cannot train is refused by name, with what to do.
"""

from math import prod

from firmware_gen.learner import LayerDescription, LearnerDescription, TensorDescription, check_description
from firmware_gen.learner.description import SAMPLE, Activation, LayerKind
from host_bridge.errors import UserError
from trainer.channels.graph import Graph, Node, read_graph
from trainer.models.network import Network
from trainer.tensors import Role, TensorSpec

Shape = tuple[int, int, int]

_KINDS: dict[str, LayerKind] = {
    "Conv2D": "conv",
    "DepthwiseConv2D": "depthwise",
    "Dense": "dense",
    "MaxPooling2D": "max_pool",
    "AveragePooling2D": "average_pool",
    "GlobalMaxPooling2D": "max_pool",
    "GlobalAveragePooling2D": "average_pool",
    "Add": "add",
    "ReLU": "relu",
    "Activation": "relu",
}
_REMEDIES = {
    "BatchNormalization": "boards train without normalisation, as digits_cnn does; use such a model",
    "Softmax": "the loss has its own softmax; end with the logits",
    "ZeroPadding2D": "use padding='same' in the layer behind it",
}
_ROLES = {Role.KERNEL: "kernel", Role.DEPTHWISE: "depthwise kernel", Role.BIAS: "bias"}


def describe(network: Network, name: str) -> LearnerDescription:
    """Describe a network for boards.

    Args:
        network: of layers that a learner has (docs/learning.md).
        name: printable, at most 31 characters.

    Raises:
        UserError: a layer is not supported; names it and what to do.
    """
    graph = read_graph(network)
    builder = _Builder(network.specs)
    for position, node in enumerate(graph.nodes):
        builder.add(graph, position, node)
    tensors = tuple(_tensor(spec) for spec in network.specs)
    return check_description(
        LearnerDescription(
            name=name,
            input_shape=network.input_shape,
            classes=network.classes,
            layers=tuple(builder.layers),
            tensors=tensors,
        )
    )


def _tensor(spec: TensorSpec) -> TensorDescription:
    if spec.role not in _ROLES:
        raise UserError(f"tensor {spec.name}: {_REMEDIES['BatchNormalization']}")
    return TensorDescription.model_validate({"name": spec.name, "shape": spec.shape, "role": _ROLES[spec.role]})


class _Builder:
    """Layers so far, and which of them each node of the graph is."""

    def __init__(self, specs: tuple[TensorSpec, ...]) -> None:
        self._specs = specs
        self.layers: list[LayerDescription] = []
        self._layer_of: dict[int, int] = {}

    def add(self, graph: Graph, position: int, node: Node) -> None:
        if node.kind == "InputLayer":
            self._layer_of[position] = SAMPLE
        elif node.kind == "Flatten" or (_activation(node) == "linear" and node.kind in ("Activation", "ReLU")):
            self._layer_of[position] = self._layer_of[node.inputs[0]]
        elif node.kind not in _KINDS:
            remedy = _REMEDIES.get(node.kind, "boards cannot train it; use another layer")
            raise UserError(f"layer {node.name} ({node.kind}): {remedy}")
        elif _KINDS[node.kind] == "relu" and self._can_take(graph, node):
            self._activate_source(position, node)
        else:
            self._layer_of[position] = len(self.layers)
            self.layers.append(self._layer(graph, node))

    def _can_take(self, graph: Graph, node: Node) -> bool:
        """Whether the layer in front can activate its own output: nobody else reads it as it is."""
        source = self._layer_of[node.inputs[0]]
        readers = sum(other.inputs.count(node.inputs[0]) for other in graph.nodes)
        return source != SAMPLE and readers == 1 and self.layers[source].activation == "linear"

    def _activate_source(self, position: int, node: Node) -> None:
        source = self._layer_of[node.inputs[0]]
        self.layers[source] = self.layers[source].model_copy(update={"activation": _activation(node)})
        self._layer_of[position] = source

    def _layer(self, graph: Graph, node: Node) -> LayerDescription:
        _check_options(node)
        inputs = tuple(self._layer_of[source] for source in node.inputs)
        kind = _KINDS[node.kind]
        flattened = graph.nodes[node.inputs[0]]
        in_shape = self._shape_of(graph, node.inputs[0])
        if len(flattened.shape) == 1 and prod(in_shape[:2]) > 1 and kind != "dense":
            raise UserError(f"layer {node.name}: behind Flatten only Dense can be trained; use one")
        if kind == "dense" and len(flattened.shape) != 1:
            raise UserError(f"layer {node.name}: a dense layer reads a flat tensor; put Flatten in front of it")
        kernel = node.tensors.get(Role.KERNEL, node.tensors.get(Role.DEPTHWISE))
        size, strides, padding = _window(node, in_shape)
        return LayerDescription(
            name=node.name,
            kind=kind,
            inputs=inputs,
            in_shape=in_shape,
            out_shape=_spatial(node.shape),
            kernel_size=size,
            strides=strides,
            padding=padding,
            activation=_activation(node),
            kernel=kernel,
            bias=node.tensors.get(Role.BIAS),
        )

    def _shape_of(self, graph: Graph, position: int) -> Shape:
        layer = self._layer_of[position]
        return _spatial(graph.nodes[0].shape) if layer == SAMPLE else self.layers[layer].out_shape


def _spatial(shape: tuple[int, ...]) -> Shape:
    return (1, 1, shape[-1]) if len(shape) == 1 else (shape[0], shape[1], shape[2])


def _activation(node: Node) -> Activation:
    """The activation, or a refusal."""
    if node.kind == "ReLU":
        most = node.options["max_value"]
        if node.options["negative_slope"] or node.options["threshold"] or most not in (None, 6, 6.0):
            raise UserError(f"layer {node.name}: boards have ReLU and ReLU6 only; use one of them")
        return "relu" if most is None else "relu6"
    name = node.options.get("activation", "linear")
    if name not in ("linear", "relu", "relu6"):
        raise UserError(f"layer {node.name}: boards have no activation {name}; use relu or relu6")
    return "linear" if name == "linear" else "relu" if name == "relu" else "relu6"


def _check_options(node: Node) -> None:
    if tuple(node.options.get("dilation_rate", (1, 1))) != (1, 1):
        raise UserError(f"layer {node.name}: boards cannot train dilated convolutions; use dilation_rate=1")


def _window(node: Node, in_shape: Shape) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
    """Kernel, strides and padding in front, as Keras and TensorFlow place it."""
    if node.kind.startswith("Global"):
        return (in_shape[0], in_shape[1]), (in_shape[0], in_shape[1]), (0, 0)
    size = node.options.get("kernel_size", node.options.get("pool_size"))
    if size is None:
        return (1, 1), (1, 1), (0, 0)
    rows, columns = (int(side) for side in size)
    down, right = (int(step) for step in node.options["strides"])
    if node.options["padding"] == "valid":
        return (rows, columns), (down, right), (0, 0)
    return (rows, columns), (down, right), (_front(in_shape[0], rows, down), _front(in_shape[1], columns, right))


def _front(side: int, kernel: int, stride: int) -> int:
    return max((-(-side // stride) - 1) * stride + kernel - side, 0) // 2
