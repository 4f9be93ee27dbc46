"""What an operator reader gets, and how it is described; one file per operator group holds the readers."""

from collections.abc import Callable
from dataclasses import dataclass

from firmware_gen.graph import Activation, Op, Tensor
from firmware_gen.parse.raw import OptionsSpec, RawModel, RawOperator, RawTensor
from firmware_gen.parse.tensors import activation_tensor, bias_tensor, integer_constant, weight_tensor
from host_bridge.errors import UserError

_ACTIVATIONS = (Activation.NONE, Activation.RELU, Activation.RELU_N1_TO_1, Activation.RELU6)
ACTIVATION_NAMES = ", ".join(activation.value for activation in Activation)


@dataclass(frozen=True)
class OperatorContext:
    """One operator of the file, with checked access to its operands.

    Attributes:
        where: names the operator in messages.
        raw: its row in the file.
        model: the file.
        tensors: graph tensors read so far; readers add theirs.
    """

    where: str
    raw: RawOperator
    model: RawModel
    tensors: dict[int, Tensor]

    def option(self, name: str) -> int:
        """An integer of the operator's options table."""
        return int(self.real_option(name))

    def real_option(self, name: str) -> float:
        """A number of the operator's options table."""
        if self.raw.options is None:
            raise UserError(f"{self.where} lacks its options; convert the model again")
        return self.raw.options[name]

    def expect_operands(self, least: int, most: int) -> None:
        """Refuse another number of inputs than ``least`` to ``most``, or of outputs than one."""
        if not least <= len(self.raw.inputs) <= most or len(self.raw.outputs) != 1:
            raise UserError(
                f"{self.where} has {len(self.raw.inputs)} inputs and {len(self.raw.outputs)} outputs; "
                "convert the model again"
            )

    def expect_batch_of_one(self, tensor: Tensor) -> None:
        """Refuse a tensor of several samples."""
        if len(tensor.shape) > 1 and tensor.shape[0] != 1:
            raise UserError(f"{self.where} works on shape {list(tensor.shape)}; batch 1 is supported")

    def activation(self, slot: int) -> Tensor:
        """The activation at input ``slot``."""
        return self._keep(activation_tensor(*self._row(self.raw.inputs[slot]), self.where))

    def output(self) -> Tensor:
        """The only output."""
        return self._keep(activation_tensor(*self._row(self.raw.outputs[0]), self.where))

    def weights(self, slot: int, axis: int = 0) -> Tensor:
        """The constant weights at input ``slot``; their output channels, ``axis`` in the file, come first."""
        weights = weight_tensor(*self._row(self.raw.inputs[slot]), self.where, axis)
        kept = self._keep(weights)
        if kept.shape != weights.shape:
            raise UserError(
                f"{self.where} shares its weights with an operator of another kind; convert the model again"
            )
        return kept

    def bias(self, slot: int, channels: int) -> Tensor | None:
        """The constant biases at input ``slot``, or None where the model has none."""
        if slot >= len(self.raw.inputs) or self.raw.inputs[slot] == -1:
            return None
        return self._keep(bias_tensor(*self._row(self.raw.inputs[slot]), channels, self.where))

    def integers(self, slot: int) -> tuple[int, ...]:
        """Elements of the constant at input ``slot``."""
        return integer_constant(*self._row(self.raw.inputs[slot]), self.where)

    def fused_activation(self) -> Activation:
        """The fused activation."""
        code = self.option("FusedActivationFunction")
        if not 0 <= code < len(_ACTIVATIONS):
            raise UserError(f"{self.where} has fused activation {code}; supported are {ACTIVATION_NAMES}")
        return _ACTIVATIONS[code]

    def _row(self, index: int) -> tuple[int, RawTensor]:
        if not 0 <= index < len(self.model.tensors):
            raise UserError(f"{self.where} refers to tensor {index}, which does not exist; convert the model again")
        return index, self.model.tensors[index]

    def _keep(self, tensor: Tensor) -> Tensor:
        return self.tensors.setdefault(tensor.index, tensor)


@dataclass(frozen=True)
class OperatorReader:
    """How one builtin operator is read.

    Attributes:
        code: builtin operator code of the schema.
        name: as the schema spells it.
        options: its options table; None where nothing of it matters.
        read: builds the graph's operator or raises UserError.
        limits: one line for ``supported-ops``.
    """

    code: int
    name: str
    options: OptionsSpec | None
    read: Callable[[OperatorContext], Op]
    limits: str
