"""A network as a graph of layers that says, for each layer, which tensors are its own."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import Any

from trainer.channels.layers import UnsupportedLayerError, layer_kind, layer_options, unsupported
from trainer.models.network import Network
from trainer.tensors import Role

_SLOTS = ("kernel", "bias", "gamma", "beta", "moving_mean", "moving_variance")


@dataclass(frozen=True)
class Node:
    """One layer, called once.

    Attributes:
        name: of the layer.
        kind: its class, a name of ``keras.layers``.
        options: what builds it again, but the name.
        inputs: positions of the nodes that it reads.
        shape: of its output, without the samples; channels last.
        tensors: positions of its tensors in the network's specs, by role.
    """

    name: str
    kind: str
    options: Mapping[str, Any]
    inputs: tuple[int, ...]
    shape: tuple[int, ...]
    tensors: Mapping[Role, int]

    @property
    def channels(self) -> int:
        """Channels of the output."""
        return self.shape[-1]

    def with_channels(self, channels: int) -> "Node":
        """The same layer with another number of output channels."""
        options = dict(self.options)
        for size in ("filters", "units"):
            if size in options:
                options[size] = channels
        shape = (*self.shape[:-1], channels)
        if self.kind == "Reshape":
            options["target_shape"] = shape
        return replace(self, options=options, shape=shape)


@dataclass(frozen=True)
class Graph:
    """Layers in an order in which each comes after what it reads; the last one gives the logits."""

    nodes: tuple[Node, ...]

    def __call__(self, layers: Any, input_shape: tuple[int, int, int], classes: int) -> tuple[Any, Any]:  # noqa: ANN401
        """Build the graph with ``keras.layers`` or ``tf_keras.layers``: a graph is a model builder.

        Raises:
            ValueError: it was read from a model of another input shape or number of classes.
        """
        if self.nodes[0].shape != tuple(input_shape) or self.nodes[-1].shape != (classes,):
            raise ValueError(f"a graph of {self.nodes[0].shape} to {self.nodes[-1].shape}")
        outputs: list[Any] = []
        for node in self.nodes:
            outputs.append(_build(layers, node, [outputs[position] for position in node.inputs]))
        return outputs[0], outputs[-1]


def read_graph(network: Network) -> Graph:
    """Read the graph from the network's Keras model.

    Raises:
        UnsupportedLayerError: a layer cannot be followed channel by channel, or is called twice; names it.
    """
    model = network.model
    variables = [*model.trainable_variables, *model.non_trainable_variables]
    position_of = {id(variable): position for position, variable in enumerate(variables)}
    nodes: list[Node] = []
    seen: dict[Any, int] = {}
    for layer, sources in _calls(model):
        kind = layer_kind(layer)
        tensors = {network.specs[i].role: i for i in _tensor_positions(layer, position_of)}
        inputs = tuple(seen[source] for source in sources)
        node = Node(layer.name, kind, layer_options(layer, kind), inputs, tuple(layer.output.shape[1:]), tensors)
        _check_shapes(layer, node, nodes)
        seen[layer] = len(nodes)
        nodes.append(node)
    return Graph(tuple(nodes))


def _calls(model: Any) -> list[tuple[Any, list[Any]]]:  # noqa: ANN401 - a Keras model
    """Layers with the layers they read, sources first; the input comes first of all, the logits last."""
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise UnsupportedLayerError("a model with several inputs or outputs cannot be followed; use one of each")
    start, end = (tensor._keras_history.operation for tensor in (model.inputs[0], model.outputs[0]))
    calls: dict[Any, list[Any]] = {start: []}
    stack = [(end, False)]
    while stack:
        layer, ready = stack.pop()
        if layer in calls:
            continue
        if len(layer._inbound_nodes) != 1:
            raise unsupported(layer, "it is called more than once")
        sources = [tensor._keras_history.operation for tensor in layer._inbound_nodes[0].input_tensors]
        if ready:
            calls[layer] = sources
        else:
            stack += [(layer, True), *((source, False) for source in reversed(sources))]
    return list(calls.items())


def _tensor_positions(layer: Any, position_of: dict[int, int]) -> list[int]:  # noqa: ANN401 - a Keras layer
    owned = [getattr(layer, slot, None) for slot in _SLOTS]
    return [position_of[id(variable)] for variable in owned if id(variable) in position_of]


def _check_shapes(layer: Any, node: Node, nodes: list[Node]) -> None:  # noqa: ANN401 - a Keras layer
    """Refuse reshapes that cut a channel or merge some, sums that broadcast, and unknown sizes."""
    if None in node.shape:
        raise unsupported(layer, "its shape is not fixed")
    inputs = [nodes[position].shape for position in node.inputs]
    if node.kind == "Add" and any(shape != node.shape for shape in inputs):
        raise unsupported(layer, "its inputs are not of one shape")
    if node.kind == "Reshape" and (node.channels % inputs[0][-1] or prod(inputs[0]) != prod(node.shape)):
        raise unsupported(layer, "it moves channels to another axis")


def _build(layers: Any, node: Node, inputs: list[Any]) -> Any:  # noqa: ANN401 - keras.layers or tf_keras.layers
    if node.kind == "InputLayer":
        return layers.Input(node.shape, name=node.name)
    options = dict(node.options)
    # Keras 3 and tf_keras call this argument by different names; both take it first.
    arguments = [options.pop("negative_slope")] if node.kind == "LeakyReLU" else []
    layer = getattr(layers, node.kind)(*arguments, name=node.name, **options)
    return layer(inputs[0] if len(inputs) == 1 else inputs)
