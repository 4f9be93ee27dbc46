"""Render a small learner for fuzz_learner.c: ``render_learner.py FOLDER``."""

import sys
from pathlib import Path

from firmware_gen.learner import LearnerDescription, Purpose, plan_learner, render_learner
from firmware_gen.learner.description import LayerDescription, TensorDescription
from firmware_gen.learner.pieces import Room

DESCRIPTION = LearnerDescription(
    name="fuzz",
    input_shape=(4, 4, 1),
    classes=3,
    layers=(
        LayerDescription(
            name="conv", kind="conv", inputs=(-1,), in_shape=(4, 4, 1), out_shape=(4, 4, 2), kernel_size=(3, 3),
            padding=(1, 1), activation="relu", kernel=0, bias=1,
        ),
        LayerDescription(
            name="logits", kind="dense", inputs=(0,), in_shape=(4, 4, 2), out_shape=(1, 1, 3), kernel=2, bias=3
        ),
    ),
    tensors=(
        TensorDescription(name="conv/kernel", shape=(3, 3, 1, 2), role="kernel"),
        TensorDescription(name="conv/bias", shape=(2,), role="bias"),
        TensorDescription(name="logits/kernel", shape=(32, 3), role="kernel"),
        TensorDescription(name="logits/bias", shape=(3,), role="bias"),
    ),
)  # fmt: skip
PURPOSE = Purpose(samples=4, encoding="int8", proximal=True, batch_size=2, sparsity=0.5)
ROOM = Room(1000, 20_000)
"""Too little for one piece, so that the fuzzer meets two."""

if __name__ == "__main__":
    plan = plan_learner(DESCRIPTION, PURPOSE, room=ROOM)
    for name, text in render_learner(DESCRIPTION, plan).items():
        (Path(sys.argv[1]) / name).write_text(text)
