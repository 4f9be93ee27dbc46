"""What each message costs a SuperNode whose clients run on it, alone or with a process that stays.

Flower starts a process for each message. Alone it loads TensorFlow, builds the model and compiles training, every time;
with the process that stays (trainer/flower/resident.py) that is done once. CPU seconds of both processes together,
which depend less than time on what else the machine does; what Flower itself does around the process is the same in
both and not in them.
Run: ``python benchmarks/supernode_message.py [--messages 3]``; about a CPU minute.
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
    parser.add_argument("--messages", type=int, default=3, help="of training, at least 2 (default: %(default)s)")
    parser.add_argument("--one", nargs=2, metavar=("FILE", "OWNER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.messages < 2:
        parser.error("argument --messages: the first compiles, so give at least 2")
    _be_a_task()
    if options.one:
        answer_one(Path(options.one[0]), int(options.one[1]))
        return
    alone = measured(options.messages, 0, "a process for each message")
    stays = measured(options.messages, os.getpid(), "one process stays")
    show(alone, stays)


def show(alone: "list[tuple[str, float]]", stays: "list[tuple[str, float]]") -> None:
    """A table, and what is saved in the messages of training behind the first, which compiles."""
    print(f"{'message':>12} {'alone: CPU s':>13} {'with the one that stays':>24}")
    for (kind, one), (_, other) in zip(alone, stays, strict=True):
        print(f"{kind:>12} {one:>13.2f} {other:>24.2f}")
    one, other = (sum(seconds for _, seconds in column[3:]) for column in (alone, stays))
    print(f"{one / other:.1f}x fewer CPU seconds for a message of training behind the first")


def _be_a_task() -> None:
    TaskIdentity.run_id, TaskIdentity.task_id, TaskIdentity.node_id = 1, 1, 1


def measured(messages: int, owner: int, what: str) -> "list[tuple[str, float]]":
    """Kind and CPU seconds of each message, a process for each.

    Args:
        messages: of training, behind the greeting and the masks.
        owner: the process with which the one that stays ends; 0 for none, so that each answers alone.
        what: said while it goes on.
    """
    context = Context(run_id=1, node_id=1, node_config=dict(PLACED), state=RecordDict(), run_config={})
    found = []
    with tempfile.TemporaryDirectory() as folder:
        file, words = Path(folder) / "message", Path(folder) / "words"
        for message in said(messages):
            file.write_bytes(pickle.dumps((message, context)))
            before = _stayed()
            command = [sys.executable, __file__, "--one", str(file), str(owner)]
            # Into a file: the end of a pipe would not come before that of the process that stays.
            with words.open("w") as heard:
                done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=heard, check=False)
            if done.returncode != 0:
                raise SystemExit(f"{what}: {message.metadata.message_type} failed: {words.read_text().strip()[-2000:]}")
            context, seconds = pickle.loads(file.read_bytes())
            found.append((message.metadata.message_type, seconds + _stayed() - before))
            print(f"{what}: {found[-1][0]} answered", file=sys.stderr, flush=True)
    return found


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
