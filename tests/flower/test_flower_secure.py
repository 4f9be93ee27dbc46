"""SecAgg+ between a server and clients that train nothing, in processes that know no task of Flower's."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
from flwr.app import Context, Message, RecordDict
from flwr.supercore.task_identity import TaskIdentity

from trainer.engines.base import ClientReply, ClientTask, LocalWork
from trainer.flower.secure_client import secure_reply
from trainer.flower.secure_server import SecureRound

TASK = ClientTask(0, 1, np.zeros(5, "<f4").tobytes(), LocalWork(1, 1, 0.1, 0.0), masks=7)
SAMPLES = (1, 2, 5)
VALUES = np.array([[1, -2, 0.5, 0, 7.9], [0, 1, -0.25, 0, -7.9], [2, 2, 2, 2, 2]])


def test_the_mean_is_weighted_by_samples_and_clients_need_no_identity() -> None:
    context = Context(run_id=1, node_id=1, node_config={}, state=RecordDict(), run_config={})

    def train(task: ClientTask) -> ClientReply:
        payload = VALUES[task.client].astype("<f4").tobytes()
        return ClientReply(task.client, task.round, payload, SAMPLES[task.client], 0.5, task.masks)

    def exchange(sent: Iterable[tuple[ClientTask, str, RecordDict]]) -> Iterator[tuple[ClientTask, RecordDict]]:
        for task, kind, content in list(sent):
            TaskIdentity.run_id, TaskIdentity.task_id, TaskIdentity.node_id = 1, 1, 1
            message = Message(content, dst_node_id=1, message_type=kind)
            for name in ("_run_id", "_task_id", "_node_id"):
                setattr(TaskIdentity, name, None)  # as in a process of Flower's simulation
            yield task, secure_reply(message, context, f"secrets/{task.client}", train)

    TaskIdentity.run_id, TaskIdentity.task_id, TaskIdentity.node_id = 1, 1, 1
    tasks = [replace(TASK, client=client) for client in range(3)]
    replies = SecureRound(tasks, exchange, max(SAMPLES), print).replies()
    assert sorted((reply.client, reply.samples, reply.masks) for reply in replies) == [(0, 1, 7), (1, 2, 7), (2, 5, 7)]
    for reply in replies:
        found = np.frombuffer(reply.payload, "<f4")
        np.testing.assert_allclose(found, np.average(VALUES, axis=0, weights=SAMPLES), atol=1e-5)
