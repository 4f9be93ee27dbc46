"""A run's options: described and validated once, frozen, and written into ``summary.json``."""

from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from annotated_types import Ge, Gt, Le, Lt
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

from host_bridge.errors import UserError
from trainer import choices, defaults
from trainer.privacy import check_privacy

NO_BOARD = choices.NO_BOARD

_BOUNDS = {Gt: ("more than", "gt"), Ge: ("at least", "ge"), Lt: ("less than", "lt"), Le: ("at most", "le")}

_RUN, _DATA, _METHOD, _TRAINING = "Run", "Data", "Method", "Training"
_SERVER, _CLIENTS, _BOARD = "Server", "Clients and line", "Board"

MaskSource = Literal["shared", "federated", "personalized"]
Quantisation = Literal["ptq", "qat"]
Rescale = Literal["auto", "yes", "no"]
Privacy = Literal["none", "local-dp", "secagg"]


def _option(default: Any, panel: str, text: str, **bounds: Any) -> Any:  # noqa: ANN401 - what pydantic.Field gives
    return Field(default, description=text, json_schema_extra={"panel": panel}, **bounds)


class RunConfig(BaseModel):
    """Every option of a run; the key is the command line's option without dashes."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    dataset: Annotated[str, AfterValidator(choices.check_dataset)] = _option(
        "digits", _DATA, "A data set by name, your own .npz, or module:function."
    )
    data_dir: str | None = _option(None, _DATA, "Folder with the data set's files; else Keras' own copy.")
    clients: int = _option(10, _DATA, "Number of clients.", ge=1)
    partition: Annotated[str, AfterValidator(choices.check_partition)] = _option(
        "dirichlet", _DATA, "How samples are spread over clients: dirichlet, iid, shards or natural."
    )
    alpha: float = _option(0.5, _DATA, "Of dirichlet: small is uneven.", gt=0)
    shards: int = _option(2, _DATA, "Of shards: pieces of the data, sorted by class, for each client.", ge=1)
    model: Annotated[str, AfterValidator(choices.check_model)] = _option(
        "digits_cnn", _METHOD, "The network by name, or your own package.module:function."
    )
    method: Annotated[str, AfterValidator(choices.check_method)] = _option(
        "fedpai-u", _METHOD, "The algorithm: fedpai-u, fedpai-s, fedavg (dense), or another baseline."
    )
    pruner: Annotated[str | None, AfterValidator(choices.check_pruner)] = _option(
        None, _METHOD, "How connections are scored; else as the method has it."
    )
    sparsity: float = _option(0.98, _METHOD, "Share of weights to drop.", gt=0, lt=1)
    masks: MaskSource = _option("shared", _METHOD, "Whose saliency decides: shared, federated or personalized.")
    overlap: float = _option(0.8, _METHOD, "Share of personalized masks that all clients have in common.", ge=0, le=1)
    saliency_samples: int = _option(128, _METHOD, "Samples of a client that data-driven pruners score with.", ge=1)
    rescale: Rescale = _option(
        "auto",
        _METHOD,
        "Of fedpai-u, one mask for all: scale survivors up for dropped inputs; auto: as the pruner has it.",
    )
    adjust_every: int = _option(5, _METHOD, "Rounds between changes of the mask, for methods that change it.", ge=1)
    rounds: int = _option(defaults.ROUNDS, _TRAINING, "Federated rounds.", ge=1)
    local_epochs: int = _option(defaults.LOCAL_EPOCHS, _TRAINING, "Epochs per round and client.", ge=1)
    batch_size: int = _option(defaults.BATCH_SIZE, _TRAINING, "Samples in a batch.", ge=1)
    learning_rate: float = _option(defaults.LEARNING_RATE, _TRAINING, "Of the first round.", gt=0)
    learning_rate_floor: float = _option(
        defaults.LEARNING_RATE_FLOOR, _TRAINING, "Share of it that the last rounds approach.", ge=0, le=1
    )
    momentum: float = _option(defaults.MOMENTUM, _TRAINING, "Of the clients' SGD.", ge=0, lt=1)
    weight_decay: float = _option(defaults.WEIGHT_DECAY, _TRAINING, "Of the clients' SGD.", ge=0)
    shift: int = _option(defaults.SHIFT, _TRAINING, "Pixels that training images are moved by.", ge=0, le=16)
    proximal: float = _option(0.01, _TRAINING, "Of fedprox: pull towards the global model.", ge=0)
    compaction: bool = _option(True, _TRAINING, "Train without the channels that a mask leaves dead.")
    aggregator: Annotated[str, AfterValidator(choices.check_aggregator)] = _option(
        "mean", _SERVER, "How updates become one: mean, median or trimmed-mean."
    )
    trim: float = _option(0.1, _SERVER, "Of trimmed-mean: share of the clients to drop at either end.", ge=0, lt=0.5)
    clip_norm: float | None = _option(None, _SERVER, "Longest update (L2 norm); longer ones are shortened.", gt=0)
    server_optimiser: Annotated[str, AfterValidator(choices.check_server_optimiser)] = _option(
        "none", _SERVER, "What the server makes of the updates: none, momentum or adam."
    )
    server_learning_rate: float = _option(1.0, _SERVER, "Of the server's optimiser.", gt=0)
    cohort: int | None = _option(None, _CLIENTS, "Clients that are asked in a round; else all.", ge=1)
    drop_rate: float = _option(0.0, _CLIENTS, "Chance that a client falls silent in a round.", ge=0, lt=1)
    late_rate: float = _option(0.0, _CLIENTS, "Chance that a client's update comes too late for its round.", ge=0, lt=1)
    quorum: float = _option(0.5, _CLIENTS, "Share of the cohort that must answer, or the round is void.", ge=0, le=1)
    encoding: Annotated[str, AfterValidator(choices.check_encoding)] = _option(
        "float32", _CLIENTS, "How values travel: float32, float16 or int8."
    )
    privacy: Privacy = _option("none", _CLIENTS, "What Flower's mods do to updates: none, local-dp or secagg.")
    dp_clip: float = _option(1.0, _CLIENTS, "Of local-dp: longest update (L2 norm).", gt=0)
    dp_epsilon: float = _option(10.0, _CLIENTS, "Of local-dp: privacy budget of a round; small is private.", gt=0)
    dp_delta: float = _option(1e-5, _CLIENTS, "Of local-dp: chance that the budget does not hold.", gt=0, lt=1)
    seed: int = _option(1, _RUN, "Where all chance comes from.", ge=0, lt=2**64)
    engine: Annotated[str, AfterValidator(choices.check_engine)] = _option(
        "local", _RUN, "Where clients run: local, or flower for its simulation."
    )
    devices: Annotated[str, AfterValidator(choices.check_devices)] = _option(
        "auto", _CLIENTS, "Clients that are boards: qemu:2, native:8, /dev/ttyACM0, socket://HOST:PORT; none, or auto."
    )
    device_seconds: float = _option(300.0, _CLIENTS, "Seconds that boards have for a round.", gt=0)
    tensorboard: bool = _option(True, _RUN, "Write event files for TensorBoard into the results' folder.")
    quantisation: Quantisation = _option(
        "ptq", _BOARD, "ptq: int8 after training; qat: two more rounds that round to int8."
    )
    board: Annotated[str, AfterValidator(choices.check_board)] = _option(
        "stm32f4_discovery", _BOARD, "Board name or file; none stops at int8."
    )
    emulator: Annotated[str, AfterValidator(choices.check_emulator)] = _option(
        "auto", _BOARD, "auto, qemu, renode or native."
    )
    out: str | None = _option(None, _RUN, "Folder for the results; else runs/DATASET-METHOD.")

    @property
    def folder(self) -> Path:
        """Where the run's files go."""
        return Path(self.out or f"runs/{Path(self.dataset).stem.replace(':', '-')}-{self.method}").expanduser()


def make_config(options: dict[str, Any]) -> RunConfig:
    """Check options and fill in defaults.

    Raises:
        UserError: an unknown key, a wrong type, a value out of range, an unknown name, or options that do not go
            together; one line.
    """
    try:
        config = RunConfig.model_validate(options)
    except ValidationError as error:
        raise UserError(_first_fault(error, options)) from None
    choices.check_together(config.method, config.pruner, config.masks)
    choices.check_place(config.engine, config.devices)
    check_privacy(config)
    return config


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
    kinds = {field.annotation, *get_args(field.annotation)}
    if names := [kind for kind in kinds if isinstance(kind, str)]:
        return f"one of: {', '.join(sorted(names))}"
    kind = next((words for type_, words in _KINDS.items() if type_ in kinds), "a text")
    return " ".join([kind, " and ".join(_bounds(field))]).rstrip()


_KINDS: dict[Any, str] = {bool: "true or false", int: "a whole number", float: "a number"}


def _bounds(field: FieldInfo) -> list[str]:
    known = [(bound, *_BOUNDS[type(bound)]) for bound in field.metadata if type(bound) in _BOUNDS]
    return [f"{words} {getattr(bound, attribute)}" for bound, words, attribute in known]
