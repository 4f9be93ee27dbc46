"""Calls at the same time run on different devices, one after the other on the first."""

import json
import os
import subprocess
import sys

from trainer.backends.lanes import MOST

_SCRIPT = """
import json, threading
from trainer.backends import backend

backend()  # makes the devices, before the first tensor
import tensorflow as tf

devices = tf.config.list_logical_devices("CPU")
together = threading.Barrier(len(devices))
used = []


def where():
    used.append(tf.constant(0).device.rsplit("/", 1)[-1])
    together.wait(60)


call = backend()._lanes.spread(where)
threads = [threading.Thread(target=call) for _ in devices]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
together = threading.Barrier(1)
call(), call()
print(json.dumps(used))
"""


def test_calls_at_the_same_time_take_different_devices() -> None:
    environment = {**os.environ, "KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
    ran = subprocess.run(
        [sys.executable, "-c", _SCRIPT], check=True, stdout=subprocess.PIPE, env=environment, timeout=300
    )
    *together, third, fourth = json.loads(ran.stdout)
    assert sorted(together) == [f"device:CPU:{number}" for number in range(min(os.cpu_count() or 1, MOST))]
    assert third == fourth == "device:CPU:0"
