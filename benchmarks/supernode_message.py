"""What a message of training costs a SuperNode whose clients run on it, alone or with a process that stays.

Flower starts a process for each message. Alone it loads TensorFlow, builds the model and compiles training, every time;
with the process that stays (trainer/flower/resident.py) that is done once. CPU seconds of both together, which hardly
depend on what else the machine does; Flower's own start of the process is the same in both and not in them.
Run: ``python benchmarks/supernode_message.py [--messages 3]``.
"""

import argparse
import os
import pickle
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import psutil
from flwr.app import Context, Message, RecordDict
from flwr.supercore.task_identity import TaskIdentity

if TYPE_CHECKING:
    from collections.abc import Iterator

OPTIONS = {"board": "none", "engine": "flower", "pruner": "random", "clients": 2}
PLACED = {"partition-id": 0, "num-partitions": 2}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=3, help="of training (default: %(default)s)")
    parser.add_argument("--one", nargs=2, metavar=("FILE", "OWNER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    _be_a_task()
    if options.one:
        answer_one(Path(options.one[0]), int(options.one[1]))
        return
    print(f"{'message':>8} {'alone: CPU s':>13} {'with the one that stays':>24}")
    alone, resident = measured(options.messages, 0), measured(options.messages, os.getpid())
    for number, (one, other) in enumerate(zip(alone, resident, strict=True), 1):
        print(f"{number:>8} {one:>13.2f} {other:>24.2f}", flush=True)


def _be_a_task() -> None:
    TaskIdentity.run_id, TaskIdentity.task_id, TaskIdentity.node_id = 1, 1, 1


def measured(messages: int, owner: int) -> "Iterator[float]":
    """CPU seconds of each message of training, a process for each.

    Args:
        messages: how many, behind the greeting.
        owner: the process with which the one that stays ends; 0 for none, so that each answers alone.
    """
    context = Context(run_id=1, node_id=1, node_config=dict(PLACED), state=RecordDict(), run_config={})
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "message"
        for number, message in enumerate(said(messages)):
            file.write_bytes(pickle.dumps((message, context)))
            before = _stayed()
            command = [sys.executable, __file__, "--one", str(file), str(owner)]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            context, seconds = pickle.loads(file.read_bytes())
            if number >= 2:
                yield seconds + _stayed() - before


def said(messages: int) -> "Iterator[Message]":
    """What the server says: hello, the masks, and then a message of training for each round."""
    from trainer.config import make_config
    from trainer.engines.base import ClientTask
    from trainer.federation import local_work
    from trainer.flower import records
    from trainer.masks import fingerprint
    from trainer.prepare import load_data, prepare
    from trainer.values import pack_values

    config = make_config(OPTIONS)
    run = prepare(config.model_copy(update={"engine": "local"}), load_data(config))
    asked = {"protocol": records.PROTOCOL, "options": config.model_dump_json(exclude_defaults=True)}
    yield _message(records.settings_content(asked), records.HELLO)
    yield _message(RecordDict({"masks": records.masks_record({0: run.masks})}), records.AGREE)
    payload = pack_values(run.state.weights, run.masks).tobytes()
    for number in range(1, messages + 1):
        task = ClientTask(0, number, payload, local_work(config, number), fingerprint(run.masks))
        yield _message(records.task_content(task), records.TRAIN)


def _message(content: RecordDict, kind: str) -> Message:
    message = Message(content, dst_node_id=1, message_type=kind)
    message.metadata.__dict__["_message_id"] = "1"
    return message


def _stayed() -> float:
    """CPU seconds that the process which stays has used, if there is one; whoever started it has ended."""
    ends_with_us = (
        one for one in psutil.process_iter(["cmdline"]) if (one.info["cmdline"] or [""])[-1] == str(os.getpid())
    )
    times = [one.cpu_times() for one in ends_with_us if "trainer.flower.resident" in " ".join(one.info["cmdline"])]
    return sum(one.user + one.system for one in times)


def answer_one(file: Path, owner: int) -> None:
    """Be the process of one message; leaves the context and its CPU seconds."""
    message, context = pickle.loads(file.read_bytes())
    from trainer.flower import records

    if owner:
        from trainer.flower.handing_on import hand_on

        content = hand_on(message, context, owner)
    else:
        from trainer.flower.handlers import answer

        content = answer(message, context)
    records.check_refusal(content)
    file.write_bytes(pickle.dumps((context, time.process_time())))


if __name__ == "__main__":
    main()
