"""A client's side of SecAgg+ (:mod:`trainer.flower.secure_server`): Flower's mod around its training."""

from collections.abc import Callable

import numpy as np
from flwr.app import ConfigRecord, Context, Message, RecordDict
from flwr.client.mod import secaggplus_mod
from flwr.common import Code, FitRes, Scalar, Status, ndarrays_to_parameters
from flwr.common.secure_aggregation.secaggplus_constants import RECORD_KEY_STATE
from flwr.compat.common.recorddict_compat import fitres_to_recorddict, recorddict_to_fitins
from flwr.supercore.task_identity import TaskIdentity

from host_bridge.errors import UserError
from trainer.engines.base import ClientReply, ClientTask
from trainer.flower import records
from trainer.privacy import SECAGG_LARGEST


def secure_reply(
    message: Message, context: Context, state: str, train: Callable[[ClientTask], ClientReply]
) -> RecordDict:
    """What a client says in one of the protocol's four stages.

    Args:
        message: of the server.
        context: of the SuperNode.
        state: name of the context's record that holds the client's secrets between the stages.
        train: the client's part of the round.

    Raises:
        UserError: the client has a value that is too large.
        ValueError: the stages come in another order, or too few clients take part.
    """
    stage, node = records.read_secure(message.content)
    # A process of Flower's simulation does not know by itself whose messages it makes.
    TaskIdentity.run_id, TaskIdentity.task_id, TaskIdentity.node_id = context.run_id, 0, context.node_id
    inward = Message(stage, dst_node_id=node, message_type=records.TRAIN)
    inward.metadata.__dict__["_message_id"] = str(node)
    kept = context.state.config_records.get(state, ConfigRecord({}))
    inside = Context(
        run_id=context.run_id,
        node_id=node,
        node_config=context.node_config,
        state=RecordDict({RECORD_KEY_STATE: kept}),
        run_config=context.run_config,
    )

    def trained(asked: Message, _: Context) -> Message:
        return Message(_result(asked.content, train), reply_to=asked)

    try:
        reply = secaggplus_mod(inward, inside, trained)
    except (KeyError, TypeError) as error:
        raise ValueError(f"a message of SecAgg+ that is none: {error}") from None
    context.state.config_records[state] = inside.state.config_records[RECORD_KEY_STATE]
    return reply.content


def _result(content: RecordDict, train: Callable[[ClientTask], ClientReply]) -> RecordDict:
    asked = recorddict_to_fitins(content, keep_input=True)
    task = records.settings_task(asked.config, asked.parameters.tensors[0])
    reply = train(task)
    values = np.frombuffer(reply.payload, "<f4").astype(np.float64)
    largest = float(np.abs(values).max(initial=0.0))
    if not largest <= SECAGG_LARGEST:
        raise UserError(
            f"client {task.client} has a value of {largest:g}, and SecAgg+ carries {SECAGG_LARGEST:g} at most; "
            "use a lower --learning-rate, or --privacy none"
        )
    told: dict[str, Scalar] = {"round": reply.round, "loss": reply.loss, "masks": reply.masks}
    result = FitRes(Status(Code.OK, ""), ndarrays_to_parameters([values]), reply.samples, told)
    return fitres_to_recorddict(result, keep_input=True)
