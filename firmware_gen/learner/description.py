"""A training graph as data: what a trainer hands to the generator, as JSON. It knows no framework."""

import hashlib
from math import prod
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from host_bridge.errors import UserError

FORMAT: Final = 1
SAMPLE = -1
"""Stands for the sample among the inputs of a layer."""

LayerKind = Literal["conv", "depthwise", "dense", "max_pool", "average_pool", "add", "relu"]
Activation = Literal["linear", "relu", "relu6"]
TensorRole = Literal["kernel", "depthwise kernel", "bias"]


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TensorDescription(_Data):
    """One trained tensor, in the order in which values travel."""

    name: str = Field(description="layer/tensor, for messages")
    shape: tuple[int, ...] = Field(description="as Keras stores it; the last axis is a row-major array's innermost")
    role: TensorRole

    @property
    def prunable(self) -> bool:
        """Whether a mask drops single weights of it."""
        return self.role == "kernel"

    @property
    def columns(self) -> int:
        """Of the tensor as a matrix; of a depthwise kernel its output channels."""
        return prod(self.shape[-2:]) if self.role == "depthwise kernel" else self.shape[-1]

    @property
    def rows(self) -> int:
        """Everything but the columns."""
        return self.size // self.columns

    @property
    def size(self) -> int:
        """Number of elements."""
        return prod(self.shape)

    @property
    def fan_in(self) -> int:
        """Inputs of one output unit (docs/seeded-init.md); 0 for a bias, which starts at zero."""
        return 0 if self.role == "bias" else self.rows


class LayerDescription(_Data):
    """One layer; shapes are (height, width, channels), a flat tensor is (1, 1, channels)."""

    name: str
    kind: LayerKind
    inputs: tuple[int, ...] = Field(description="positions of the layers it reads, -1 for the sample")
    in_shape: tuple[int, int, int]
    out_shape: tuple[int, int, int]
    kernel_size: tuple[int, int] = (1, 1)
    strides: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = Field((0, 0), description="rows above and columns to the left")
    activation: Activation = "linear"
    kernel: int | None = Field(None, description="position of its tensor")
    bias: int | None = None


class LearnerDescription(_Data):
    """A network to be trained by softmax cross-entropy; the last layer gives the logits."""

    format: Literal[1] = FORMAT
    name: str = Field(pattern=r"^[ -~]{1,31}$")
    input_shape: tuple[int, int, int]
    classes: int = Field(ge=2, le=256)
    layers: tuple[LayerDescription, ...] = Field(min_length=1)
    tensors: tuple[TensorDescription, ...] = Field(min_length=1)

    @property
    def prunable_size(self) -> int:
        """Weights that a mask may drop."""
        return sum(tensor.size for tensor in self.tensors if tensor.prunable)

    @property
    def sha256(self) -> str:
        """Of the canonical JSON: tells whether two ends mean the same network."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    def shape_of(self, source: int) -> tuple[int, int, int]:
        """Shape of what a layer writes, or of the sample."""
        return self.input_shape if source == SAMPLE else self.layers[source].out_shape


def parse_description(text: str) -> LearnerDescription:
    """Read JSON.

    Raises:
        UserError: it is no description; names the first fault.
    """
    try:
        return LearnerDescription.model_validate_json(text)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        where = ".".join(map(str, fault["loc"])) or "the document"
        raise UserError(f"not a learner's description: {where}: {fault['msg']}") from None
