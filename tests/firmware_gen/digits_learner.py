"""The training graph of the default run's model, written by hand."""

from firmware_gen.learner import LearnerDescription


def conv(name: str, source: int, channels: tuple[int, int], side: int, tensors: int) -> dict[str, object]:
    inputs, outputs = channels
    return {
        "name": name,
        "kind": "conv",
        "inputs": [source],
        "in_shape": [side, side, inputs],
        "out_shape": [side, side, outputs],
        "kernel_size": [3, 3],
        "padding": [1, 1],
        "activation": "relu",
        "kernel": tensors,
        "bias": tensors + 1,
    }


def pool(name: str, source: int, channels: int, side: int) -> dict[str, object]:
    shapes = {"in_shape": [side, side, channels], "out_shape": [side // 2, side // 2, channels]}
    return {"name": name, "kind": "max_pool", "inputs": [source], "kernel_size": [2, 2], "strides": [2, 2], **shapes}


def dense(name: str, source: int, shape: list[int], outputs: int, tensors: int) -> dict[str, object]:
    activation = "linear" if name == "logits" else "relu"
    ends = {"in_shape": shape, "out_shape": [1, 1, outputs], "kernel": tensors, "bias": tensors + 1}
    return {"name": name, "kind": "dense", "inputs": [source], "activation": activation, **ends}


def digits() -> dict[str, object]:
    """The model of ``make federate``, written by hand."""
    layers = [
        conv("conv1", -1, (1, 16), 8, 0),
        pool("pool1", 0, 16, 8),
        conv("conv2", 1, (16, 80), 4, 2),
        pool("pool2", 2, 80, 4),
        dense("dense", 3, [2, 2, 80], 1200, 4),
        dense("logits", 4, [1, 1, 1200], 10, 6),
    ]
    shapes = ([3, 3, 1, 16], [16], [3, 3, 16, 80], [80], [320, 1200], [1200], [1200, 10], [10])
    tensors = [
        {"name": f"t{number}", "shape": shape, "role": "bias" if number % 2 else "kernel"}
        for number, shape in enumerate(shapes)
    ]
    return {"name": "digits", "input_shape": [8, 8, 1], "classes": 10, "layers": layers, "tensors": tensors}


def described(**changes: object) -> LearnerDescription:
    return LearnerDescription.model_validate(digits() | changes)
