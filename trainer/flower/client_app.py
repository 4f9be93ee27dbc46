"""The ClientApp: answers the server for the clients of one SuperNode.

A SuperNode may run every message in a new process, so what has to last (options, masks, what rounding has taken from
updates) lies in Flower's context, and boards keep what is theirs.
"""

from collections.abc import Callable

from flwr.app import ConfigRecord, Context, Message, RecordDict
from flwr.clientapp import ClientApp

from host_bridge.errors import UserError
from trainer.engines.base import Memory
from trainer.flower import records
from trainer.flower.mods import local_mods
from trainer.flower.site import Site, read_placement, site_for
from trainer.quiet import quiet_output

_OPTIONS, _MASKS, _MEMORY = "fedpai-options", "fedpai-masks", "fedpai-memory"

Handler = Callable[[Message, Context], RecordDict]

app = ClientApp()


@app.query("hello")
def hello(message: Message, context: Context) -> Message:
    """Who are you, and can you serve these options?"""
    return _answered(_hello, message, context)


@app.query("agree")
def agree(message: Message, context: Context) -> Message:
    """Take the masks of this node's clients."""
    return _answered(_agree, message, context)


@app.train()
def train(message: Message, context: Context) -> Message:
    """One client's part of a round."""

    def inner(inward: Message, inside: Context) -> Message:
        return Message(_train(inward, inside), reply_to=inward)

    def wrapped(inward: Message, inside: Context) -> RecordDict:
        call = inner
        for mod in reversed(local_mods(_site(inside).config)):
            call = _around(mod, call)
        return call(inward, inside).content

    return _answered(wrapped, message, context)


@app.query("gradients")
def gradients(message: Message, context: Context) -> Message:
    """A client's dense gradients."""
    return _answered(_gradients, message, context)


@app.query("recall")
def recall(message: Message, context: Context) -> Message:
    """What this node's clients remember between rounds."""
    return _answered(lambda _, inside: records.memory_content(_memory(inside)), message, context)


@app.query("restore")
def restore(message: Message, context: Context) -> Message:
    """Bring back what clients remembered."""
    return _answered(_restore, message, context)


def _around(mod: Callable[..., Message], inner: Callable[..., Message]) -> Callable[..., Message]:
    return lambda message, context: mod(message, context, inner)


def _answered(handler: Handler, message: Message, context: Context) -> Message:
    """A reply, or a refusal in words: one node's trouble must not end the others."""
    try:
        with quiet_output():
            content = handler(message, context)
    except _StrangerError:
        content = records.refusal("this SuperNode has just been started", stranger=True)
    except (UserError, ValueError) as error:
        content = records.refusal(" ".join(str(error).split()))
    return Message(content, reply_to=message)


class _StrangerError(Exception):
    """The server's message needs what this node has not been told yet."""


def _site(context: Context) -> Site:
    if _OPTIONS not in context.state.config_records:
        raise _StrangerError
    options = str(context.state.config_records[_OPTIONS]["json"])
    return site_for(options, read_placement(context.node_config))


def _hello(message: Message, context: Context) -> RecordDict:
    asked = records.read_settings(message.content)
    if asked["protocol"] != records.PROTOCOL:
        raise UserError(
            f"the server speaks protocol version {asked['protocol']}, this SuperNode {records.PROTOCOL}; "
            "install the same version of the project on both"
        )
    placement = read_placement(context.node_config)
    options = str(asked["options"])
    site = site_for(options, placement)
    context.state.config_records[_OPTIONS] = ConfigRecord({"json": options})
    own = placement.clients(len(site.data.partition))
    return records.settings_content({"clients": list(own), "identity": site.identity, "number": placement.number})


def _agree(message: Message, context: Context) -> RecordDict:
    site = _site(context)
    record = message.content.config_records["masks"]
    records.read_masks(record, site.network.specs)
    context.state.config_records[_MASKS] = record
    return records.settings_content({})


def _train(message: Message, context: Context) -> RecordDict:
    site = _site(context)
    if _MASKS not in context.state.config_records:
        raise _StrangerError
    task = records.read_task(message.content)
    masks = records.read_masks(context.state.config_records[_MASKS], site.network.specs)
    if task.client not in masks:
        raise UserError(f"client {task.client} is not one of this SuperNode's: {', '.join(map(str, masks))}")
    site.agree(masks)
    reply, memory = site.train(task, _memory(context))
    context.state.array_records[_MEMORY] = records.memory_record(memory)
    return records.reply_content(reply, task.work.encoding)


def _gradients(message: Message, context: Context) -> RecordDict:
    client = int(records.read_settings(message.content)["client"])
    weights = tuple(array.numpy() for array in records.values_record(message.content).values())
    found, samples = _site(context).gradients(client, weights)
    return records.arrays_content(list(found), {"client": client, "samples": samples})


def _memory(context: Context) -> Memory:
    kept = context.state.array_records.get(_MEMORY)
    return {} if kept is None else records.read_memory(kept)


def _restore(message: Message, context: Context) -> RecordDict:
    _site(context)
    context.state.array_records[_MEMORY] = records.values_record(message.content)
    return records.settings_content({})
