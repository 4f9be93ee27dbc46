"""A run's options: validated once, frozen, and written into ``summary.json``."""

from pathlib import Path
from typing import Annotated, Any

from annotated_types import Ge, Gt, Le, Lt
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

from host_bridge.errors import UserError
from trainer import choices, defaults

NO_BOARD = choices.NO_BOARD

_BOUNDS = {Gt: ("more than", "gt"), Ge: ("at least", "ge"), Lt: ("less than", "lt"), Le: ("at most", "le")}


class RunConfig(BaseModel):
    """Every option of a run; the key is the command line's option without dashes."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    dataset: Annotated[str, AfterValidator(choices.check_dataset)] = "digits"
    model: Annotated[str, AfterValidator(choices.check_model)] = "digits_cnn"
    method: Annotated[str, AfterValidator(choices.check_method)] = "fedpai-u"
    pruner: Annotated[str, AfterValidator(choices.check_pruner)] = "synflow"
    sparsity: float = Field(0.98, gt=0, lt=1)
    clients: int = Field(10, ge=1)
    partition: Annotated[str, AfterValidator(choices.check_partition)] = "dirichlet"
    alpha: float = Field(0.5, gt=0)
    rounds: int = Field(defaults.ROUNDS, ge=1)
    local_epochs: int = Field(defaults.LOCAL_EPOCHS, ge=1)
    batch_size: int = Field(defaults.BATCH_SIZE, ge=1)
    learning_rate: float = Field(defaults.LEARNING_RATE, gt=0)
    learning_rate_floor: float = Field(defaults.LEARNING_RATE_FLOOR, ge=0, le=1)
    momentum: float = Field(defaults.MOMENTUM, ge=0, lt=1)
    weight_decay: float = Field(defaults.WEIGHT_DECAY, ge=0)
    shift: int = Field(defaults.SHIFT, ge=0)
    seed: int = Field(1, ge=0, lt=2**64)
    engine: Annotated[str, AfterValidator(choices.check_engine)] = "local"
    board: Annotated[str, AfterValidator(choices.check_board)] = "stm32f4_discovery"
    emulator: Annotated[str, AfterValidator(choices.check_emulator)] = "auto"
    out: str | None = None

    @property
    def folder(self) -> Path:
        """Where the run's files go."""
        return Path(self.out or f"runs/{self.dataset}-{self.method}").expanduser()


def make_config(options: dict[str, Any]) -> RunConfig:
    """Check options and fill in defaults.

    Raises:
        UserError: an unknown key, a wrong type, a value out of range, or an unknown name; one line.
    """
    try:
        return RunConfig.model_validate(options)
    except ValidationError as error:
        raise UserError(_first_fault(error, options)) from None


def _first_fault(error: ValidationError, options: dict[str, Any]) -> str:
    fault = error.errors(include_url=False)[0]
    key = str(fault["loc"][0])
    if fault["type"] == "extra_forbidden":
        return f"unknown option {key!r}; choose from: {', '.join(RunConfig.model_fields)}"
    return f"{key} = {_shown(options[key])} is not allowed; use {allowed_values(key)}"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def allowed_values(key: str) -> str:
    """What an option may be, in words, such as ``a number more than 0 and less than 1``."""
    field = RunConfig.model_fields[key]
    if field.annotation is not float and field.annotation is not int:
        return "a text"
    kind = "a whole number" if field.annotation is int else "a number"
    return " ".join([kind, " and ".join(_bounds(field))])


def _bounds(field: FieldInfo) -> list[str]:
    known = [(bound, *_BOUNDS[type(bound)]) for bound in field.metadata if type(bound) in _BOUNDS]
    return [f"{words} {getattr(bound, attribute)}" for bound, words, attribute in known]
