"""A logical device for each core, up to :data:`MOST`, so that clients that XLA trains together have a thread each.

TensorFlow hands what XLA has compiled to the thread pool of the calling device, and blocks the caller. On one device
with a pool of one thread two clients take turns; with a larger pool their operations mix, and wait for each other.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from queue import LifoQueue
from typing import Any

_OWN_POOLS = "TF_OVERRIDE_GLOBAL_THREADPOOL"
"""Read when TensorFlow makes its devices: whether each gets a pool of its own."""
MOST = 8
"""Devices, however many cores there are: every one compiles what it is to run."""


class Lanes:
    """The logical devices of this process's CPU; where TensorFlow has computed already, they are as they were."""

    def __init__(self) -> None:
        os.environ.setdefault(_OWN_POOLS, "1")
        import tensorflow as tf

        processor, *_ = tf.config.list_physical_devices("CPU")
        lanes = [tf.config.LogicalDeviceConfiguration() for _ in range(min(os.cpu_count() or 1, MOST))]
        with suppress(RuntimeError, ValueError):  # too late, or somebody has chosen already
            tf.config.set_logical_device_configuration(processor, lanes)

    def spread(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A function whose every call takes a device that no other call of it is on, the first if there is a choice.

        It is compiled anew for every device it comes to.
        """
        import tensorflow as tf

        free: LifoQueue[str] = LifoQueue()
        for device in reversed(tf.config.list_logical_devices("CPU")):
            free.put(device.name)

        @wraps(function)
        def call(*args: Any, **given: Any) -> Any:  # noqa: ANN401
            name = free.get()
            try:
                with tf.device(name):
                    return function(*args, **given)
            finally:
                free.put(name)

        return call
