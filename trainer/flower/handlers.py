"""What a SuperNode answers to each message of the server (:mod:`trainer.flower.records`).

What has to last from message to message (options, masks, what rounding has taken from updates) lies in Flower's
context; boards keep what is theirs.
"""

from collections.abc import Callable
from typing import Any

from flwr.app import ConfigRecord, Context, Message, RecordDict

from host_bridge.errors import UserError
from trainer.engines.base import ClientReply, ClientTask, Memory
from trainer.flower import records
from trainer.flower.mods import local_mods
from trainer.flower.placement import read_placement
from trainer.flower.site import Site, Sites
from trainer.masks import fingerprint
from trainer.quiet import quiet_output
from trainer.tensors import Masks

MEMORY = "fedpai-memory/"
"""Begins the names of the records that hold what each client remembers."""
_OPTIONS, _MASKS = "fedpai-options", "fedpai-masks"
_MOST_SITES = 2

_sites = Sites(_MOST_SITES)


def answer(message: Message, context: Context) -> RecordDict:
    """A reply, or a refusal in words: one node's trouble must not end the others."""
    try:
        with quiet_output():
            return _HANDLERS[message.metadata.message_type](message, context)
    except _StrangerError:
        return records.refusal("this SuperNode has just been started", stranger=True)
    except (UserError, ValueError) as error:
        return records.refusal(" ".join(str(error).split()))


class _StrangerError(Exception):
    """The server's message needs what this node has not been told yet."""


def _site(context: Context) -> Site:
    if _OPTIONS not in context.state.config_records:
        raise _StrangerError
    options = str(context.state.config_records[_OPTIONS]["json"])
    return _sites.get(options, read_placement(context.node_config))


def _hello(message: Message, context: Context) -> RecordDict:
    """Who are you, and can you serve these options?"""
    asked = records.read_settings(message.content)
    if asked["protocol"] != records.PROTOCOL:
        raise UserError(
            f"the server speaks protocol version {asked['protocol']}, this SuperNode {records.PROTOCOL}; "
            "install the same version of the project on both"
        )
    placement = read_placement(context.node_config)
    options = str(asked["options"])
    site = _sites.get(options, placement)
    context.state.config_records[_OPTIONS] = ConfigRecord({"json": options})
    own = placement.clients(len(site.data.partition))
    return records.settings_content({"clients": list(own), "identity": site.identity, "number": placement.number})


def _agree(message: Message, context: Context) -> RecordDict:
    """Take the masks of this node's clients."""
    site = _site(context)
    record = message.content.config_records["masks"]
    records.read_masks(record, site.network.specs)  # so that what cannot be read is refused now
    context.state.config_records[_MASKS] = record
    return records.settings_content({})


def _train(message: Message, context: Context) -> RecordDict:
    """One client's part of a round, with the mods that the run asks for around it."""
    config = _site(context).config
    if config.privacy == "secagg":
        raise UserError("updates of this run are summed by SecAgg+, and none is sent by itself")

    def call(inward: Message, inside: Context) -> Message:
        task = records.read_task(inward.content)
        return Message(records.reply_content(_trained(task, inside), task.work.encoding), reply_to=inward)

    for mod in reversed(local_mods(config)):
        call = _around(mod, call)
    return call(message, context).content


def _secure(message: Message, context: Context) -> RecordDict:
    """A client's part of one stage of SecAgg+."""
    from trainer.flower.secure_client import secure_reply

    masks, client = _masks(context), int(records.read_settings(message.content)["client"])
    _check_own(client, masks)
    return secure_reply(message, context, f"{MEMORY}{client}/secagg", lambda task: _trained(task, context))


def _around(mod: Callable[..., Message], inner: Callable[..., Message]) -> Callable[..., Message]:
    return lambda message, context: mod(message, context, inner)


def _masks(context: Context) -> dict[int, Masks]:
    """Of this node's clients."""
    if _MASKS not in context.state.config_records:
        raise _StrangerError
    return records.read_masks(context.state.config_records[_MASKS], _site(context).network.specs)


def _check_own(client: int, masks: dict[int, Masks]) -> None:
    if client not in masks:
        raise UserError(f"client {client} is not one of this SuperNode's: {', '.join(map(str, masks))}")


def _trained(task: ClientTask, context: Context) -> ClientReply:
    site, masks = _site(context), _masks(context)
    _check_own(task.client, masks)
    if task.masks != fingerprint(masks[task.client]):
        raise UserError(f"client {task.client} holds other masks than the server means; start its SuperNode anew")
    site.agree(masks)
    reply, memory = site.train(task, _memory(context, task.client))
    context.state.array_records[f"{MEMORY}{task.client}"] = records.memory_record(memory)
    return reply


def _gradients(message: Message, context: Context) -> RecordDict:
    """A client's dense gradients."""
    client = int(records.read_settings(message.content)["client"])
    weights = tuple(array.numpy() for array in records.values_record(message.content).values())
    found, samples = _site(context).gradients(client, weights)
    return records.arrays_content(list(found), {"client": client, "samples": samples})


def _memory(context: Context, client: int) -> Memory:
    kept = context.state.array_records.get(f"{MEMORY}{client}")
    return {} if kept is None else records.read_memory(kept)


def _recall(_: Message, context: Context) -> RecordDict:
    """What this node's clients remember between rounds."""
    kept = [record for name, record in context.state.array_records.items() if name.startswith(MEMORY)]
    found: dict[str, Any] = {}
    for record in kept:
        found |= records.read_memory(record)
    return records.memory_content(found)


def _restore(message: Message, context: Context) -> RecordDict:
    """Bring back what clients remembered."""
    _site(context)
    given = records.read_memory(records.values_record(message.content))
    for client in {records.client_of(name) for name in given}:
        own = {name: kept for name, kept in given.items() if records.client_of(name) == client}
        context.state.array_records[f"{MEMORY}{client}"] = records.memory_record(own)
    return records.settings_content({})


_HANDLERS: dict[str, Callable[[Message, Context], RecordDict]] = {
    records.HELLO: _hello,
    records.AGREE: _agree,
    records.TRAIN: _train,
    records.SECURE: _secure,
    records.GRADIENTS: _gradients,
    records.RECALL: _recall,
    records.RESTORE: _restore,
}
