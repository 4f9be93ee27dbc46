"""What travels between server and SuperNodes, as Flower's records.

Values travel as on a serial line (docs/wire.md): kept values and nothing else, in the order that both ends know from
the mask. A message of training holds exactly one record of arrays and one of settings, which is what Flower's own mods
work on. Masks travel once, before the first round; later only their fingerprint does.
"""

import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from flwr.app import Array, ArrayRecord, ConfigRecord, Message, RecordDict
from flwr.supercore.inflatable.inflatable_object import get_all_nested_objects

from trainer.engines.base import ClientReply, ClientTask, LocalWork, Memory
from trainer.tensors import Bool, Masks, TensorSpec

PROTOCOL = 1
"""Raised when the meaning of a message changes; both ends must have the same."""
HELLO, AGREE, TRAIN, GRADIENTS, RECALL, RESTORE = (
    "query.hello",
    "query.agree",
    "train",
    "query.gradients",
    "query.recall",
    "query.restore",
)
"""Message types."""
SECURE = "train.secagg"
"""Type of the messages of SecAgg+'s stages."""
_VALUES, _SETTINGS, _REFUSAL = "values", "settings", "refusal"
_RAW = np.dtype("u1")


class RefusedError(Exception):
    """A SuperNode did not do what it was asked to.

    Attributes:
        stranger: whether it does not know this federation, because it has just been started; told of it, it will.
    """

    def __init__(self, text: str, *, stranger: bool = False) -> None:
        super().__init__(text)
        self.stranger = stranger


def refusal(text: str, *, stranger: bool = False) -> RecordDict:
    """The reply to what cannot be done."""
    return RecordDict({_REFUSAL: ConfigRecord({"text": text, "stranger": stranger})})


def check_refusal(content: RecordDict) -> None:
    """Look whether a reply is a refusal.

    Raises:
        RefusedError: it is.
    """
    if _REFUSAL in content.config_records:
        said = content.config_records[_REFUSAL]
        raise RefusedError(str(said["text"]), stranger=bool(said["stranger"]))


def settings_content(settings: Mapping[str, Any]) -> RecordDict:
    """A message of settings alone."""
    return RecordDict({_SETTINGS: ConfigRecord(dict(settings))})


def read_settings(content: RecordDict) -> dict[str, Any]:
    """The settings of a message."""
    return dict(content.config_records[_SETTINGS])


def task_settings(task: ClientTask) -> dict[str, Any]:
    """A client's part of a round, but for the values."""
    return {
        "client": task.client,
        "round": task.round,
        "masks": task.masks,
        "work": json.dumps(asdict(task.work)),
        "bytes": len(task.payload),
    }


def settings_task(known: Mapping[str, Any], payload: bytes) -> ClientTask:
    """What :func:`task_settings` wrote, with the values."""
    return ClientTask(known["client"], known["round"], payload, LocalWork(**json.loads(known["work"])), known["masks"])


def task_content(task: ClientTask) -> RecordDict:
    """A client's part of a round."""
    return _content(_payload_record(task.payload, task.work.encoding), task_settings(task))


def read_task(content: RecordDict) -> ClientTask:
    """What :func:`task_content` wrote."""
    known = read_settings(content)
    return settings_task(known, _payload(content, known["bytes"]))


def secure_content(stage: RecordDict, client: int, node: int) -> RecordDict:
    """A stage of SecAgg+ for a client, which the protocol knows as a node; copied, for the mod empties records."""
    content = RecordDict({name: ConfigRecord(dict(one)) for name, one in stage.config_records.items()})
    content.array_records.update(stage.array_records)
    content[_SETTINGS] = ConfigRecord({"client": client, "node": node})
    return content


def read_secure(content: RecordDict) -> tuple[RecordDict, int]:
    """What :func:`secure_content` wrote, and the node."""
    stage = RecordDict({name: one for name, one in content.items() if name != _SETTINGS})
    return stage, int(read_settings(content)["node"])


def reply_content(reply: ClientReply, encoding: str) -> RecordDict:
    """A client's update."""
    known = {
        "client": reply.client,
        "round": reply.round,
        "masks": reply.masks,
        "samples": reply.samples,
        "loss": reply.loss,
        "bytes": len(reply.payload),
    }
    return _content(_payload_record(reply.payload, encoding), known)


def read_reply(content: RecordDict) -> ClientReply:
    """What :func:`reply_content` wrote."""
    known = read_settings(content)
    payload = _payload(content, known["bytes"])
    return ClientReply(known["client"], known["round"], payload, known["samples"], known["loss"], known["masks"])


def message_bytes(message: Message) -> int:
    """Bytes of a message's objects as Flower sends them; the framing of HTTP and TLS around them is not in it."""
    return sum(len(one.deflate()) for one in get_all_nested_objects(message).values())


def content_bytes(content: RecordDict) -> int:
    """The same of a message's content alone."""
    return sum(len(one.deflate()) for one in get_all_nested_objects(content).values())


def value_bytes(content: RecordDict) -> int:
    """How many of a message's bytes are a client's values; 0 where it carries none."""
    if _VALUES not in content.array_records or _SETTINGS not in content.config_records:
        return 0
    size = content.config_records[_SETTINGS].get("bytes", 0)
    return size if isinstance(size, int) else 0


def _payload_record(payload: bytes, encoding: str) -> ArrayRecord:
    """Floats as floats, so that mods can work on them; whatever else as bytes."""
    dtype = np.dtype("<f4") if encoding == "float32" and len(payload) % 4 == 0 else _RAW
    return ArrayRecord({_VALUES: Array(np.frombuffer(payload, dtype))})


def _payload(content: RecordDict, size: int) -> bytes:
    values = content.array_records[_VALUES][_VALUES].numpy()
    if values.dtype != _RAW:  # a mod may have computed in float64
        values = values.astype("<f4")
    return values.tobytes()[:size]


def masks_record(masks: Mapping[int, Masks]) -> ConfigRecord:
    """Masks of clients, each different one once, deflated."""
    distinct = {id(one): one for one in masks.values()}
    numbers = {key: number for number, key in enumerate(distinct)}
    return ConfigRecord(
        {
            "clients": list(masks),
            "of_client": [numbers[id(one)] for one in masks.values()],
            "masks": [_deflated(one) for one in distinct.values()],
        }
    )


def read_masks(record: ConfigRecord, specs: tuple[TensorSpec, ...]) -> dict[int, Masks]:
    """What :func:`masks_record` wrote; clients that shared a mask share one again.

    Raises:
        ValueError: the bytes do not fit the model.
    """
    known: dict[str, Any] = dict(record)
    distinct = [_inflated(one, specs) for one in known["masks"]]
    return {client: distinct[number] for client, number in zip(known["clients"], known["of_client"], strict=True)}


def _deflated(masks: Masks) -> bytes:
    """A byte for each tensor, 1 where it has a mask, and the masks' bits."""
    has = bytes(mask is not None for mask in masks)
    bits: list[Bool] = [np.zeros(0, np.bool_), *(mask.ravel() for mask in masks if mask is not None)]
    return zlib.compress(has + np.packbits(np.concatenate(bits)).tobytes(), 9)


def _inflated(payload: bytes, specs: tuple[TensorSpec, ...]) -> Masks:
    try:
        plain = zlib.decompress(payload)
    except zlib.error as error:
        raise ValueError(f"masks that cannot be read: {error}") from None
    has, packed = plain[: len(specs)], np.frombuffer(plain[len(specs) :], np.uint8)
    sizes = [spec.size for spec, one in zip(specs, has, strict=True) if one]
    if len(packed) != -(-sum(sizes) // 8):
        raise ValueError(f"masks of {8 * len(packed)} bits for {sum(sizes)} weights")
    parts = iter(np.split(np.unpackbits(packed, count=sum(sizes)).astype(np.bool_), np.cumsum(sizes)[:-1]))
    return tuple(next(parts).reshape(spec.shape) if one else None for spec, one in zip(specs, has, strict=True))


def memory_content(memory: Memory) -> RecordDict:
    """What clients remember, by name."""
    return RecordDict({_VALUES: memory_record(memory)})


def memory_record(memory: Memory) -> ArrayRecord:
    """What clients remember, as a record."""
    return ArrayRecord({name: Array(np.asarray(kept)) for name, kept in memory.items()})


def read_memory(record: ArrayRecord) -> dict[str, Any]:
    """What :func:`memory_record` wrote."""
    return {name: array.numpy() for name, array in record.items()}


def client_of(name: str) -> int:
    """The client that remembers something, by the name of what it remembers."""
    return int(name.split("/")[1])


def values_record(content: RecordDict) -> ArrayRecord:
    """The arrays of a message."""
    return content.array_records[_VALUES]


def arrays_content(arrays: list[Any], settings: Mapping[str, Any]) -> RecordDict:
    """Arrays in order, and settings."""
    return _content(ArrayRecord([np.asarray(array) for array in arrays]), settings)


def _content(values: ArrayRecord, settings: Mapping[str, Any]) -> RecordDict:
    content = RecordDict()
    content[_VALUES] = values
    content[_SETTINGS] = ConfigRecord(dict(settings))
    return content
