"""A learner under AddressSanitizer, its memory heap blocks of exactly their sizes, called with anything in any order.

Started by test_learner_memory.py with libasan preloaded: ``asan_learner.py LIBRARY FIRST_BYTES SECOND_BYTES
calls|short``. Prints how many calls were granted and how many refused, and with which statuses.
"""

import ctypes
import struct
import sys
from typing import Any

import numpy as np

LIBC: Any = ctypes.CDLL(None)  # malloc is AddressSanitizer's, as libasan is preloaded
LIBC.malloc.restype = ctypes.c_void_p
LIBC.malloc.argtypes = [ctypes.c_size_t]
LIBC.free.argtypes = [ctypes.c_void_p]
CALLS = 6000
EDGES = (0, 1, 2, 7, 13, 100, 1000, 65535, 65536, 2**31, 2**32 - 1)


def heap(data: bytes) -> ctypes.c_void_p:
    address = LIBC.malloc(len(data))
    ctypes.memmove(address, data, len(data))
    return ctypes.c_void_p(address)


class Caller:
    """Calls functions of one learner with random arguments, mostly nearly right ones."""

    def __init__(self, library: Any, learner: ctypes.c_void_p) -> None:
        self.library, self.learner = library, learner
        self.random = np.random.default_rng(5)
        self.statuses: list[int] = []

    def number(self, most: int) -> int:
        if self.random.random() < 0.1:
            return int(self.random.choice(EDGES))
        return int(self.random.integers(0, most + 1))

    def data(self, most: int, largest: int = 255) -> bytes:
        return self.random.integers(0, largest + 1, int(self.random.integers(0, most)) + 1).astype(np.uint8).tobytes()

    def call(self, name: str, *arguments: Any) -> int:
        blocks = [heap(one) if isinstance(one, bytes) else one for one in arguments]
        status = int(getattr(self.library, name)(self.learner, *blocks))
        for block, one in zip(blocks, arguments, strict=True):
            if isinstance(one, bytes):
                LIBC.free(block)
        self.statuses.append(status)
        return status

    def pieces(self, name: str, payload: bytes, offset: int = 0) -> None:
        """Mostly in order, now and then again, elsewhere, or cut."""
        at = offset
        while at < len(payload):
            part = payload[at : at + int(self.random.integers(1, 200))]
            self.call(name, at if self.random.random() < 0.97 else self.number(500), part, len(part))
            at += len(part)

    def mask(self) -> None:
        self.call("fp_learner_mask_begin")
        largest = int(self.random.choice([2, 4, 255]))
        self.pieces("fp_learner_mask_put", self.data(400, largest))
        self.call("fp_learner_mask_end")

    def seed(self) -> None:
        keep = sorted(self.random.integers(1, 1100, int(self.random.integers(1, 4))), reverse=True)
        schedule = heap(np.array(keep, "<u4").tobytes())
        self.call("fp_learner_seed", struct.pack("<QQII", 7, schedule.value or 0, len(keep), 0), None, None)
        LIBC.free(schedule)

    def values(self) -> None:
        encoding = int(self.random.choice([0, 0, 1, 2, 3]))
        self.call("fp_learner_round_begin", encoding)
        size = self.library.fp_learner_payload_bytes(self.learner)
        small = self.random.standard_normal(size // 4 + 1).astype("<f4").tobytes()[:size]
        if self.random.random() < 0.2:
            self.call("fp_learner_payload_put", 0, b"\xff" * max(size, 1), size)  # NaNs
        self.pieces("fp_learner_payload_put", small if encoding == 0 else self.data(size + 2, 60))
        self.call("fp_learner_payload_end")
        self.call("fp_learner_round_from_values", encoding)

    def samples(self) -> None:
        self.pieces("fp_learner_sample_put", self.data(900))
        labels = self.data(8, 4)
        self.call("fp_learner_label_put", self.number(4), labels, len(labels))
        self.call("fp_learner_sample_end", self.number(7))

    def train(self) -> None:
        samples = self.library.fp_learner_sample_count(self.learner)
        order = self.random.integers(0, max(1, samples), samples * 2 + 1).astype("<u2").tobytes()
        self.call("fp_learner_order_put", 0, order, len(order) // 2)
        shifts = self.data(40)
        self.call("fp_learner_shift_put", self.number(2), shifts, len(shifts) // 2)
        rates = (0.01, 0.9, float(self.random.choice([0, 0.01])), float(self.random.choice([0, 0.1])))
        work = struct.pack(
            "<HH4f?3x", self.number(2) % 65536, self.number(4) % 65536, *rates, self.random.random() < 0.5
        )
        self.call("fp_learner_train", work, None, None, bytes(12))
        self.call("fp_learner_evaluate", None, None, bytes(12))
        self.library.fp_learner_logits(self.learner, self.number(9))
        self.call("fp_learner_update_begin")
        size = self.library.fp_learner_update_bytes(self.learner)
        length = int(self.random.integers(1, 300))
        self.call("fp_learner_update_get", self.number(size), bytes(length), length)

    def steps(self) -> None:
        self.call("fp_learner_draw", ctypes.c_uint64(self.number(99)), ctypes.c_bool(True))
        self.call("fp_learner_train_begin", struct.pack("<HH4f?3x", 1, 2, 0.01, 0.0, 0.0, 0.0, False))
        for _ in range(int(self.random.integers(0, 9))):
            self.call("fp_learner_train_step", bytes(1))
        self.call("fp_learner_train_end", bytes(12))


def main() -> None:
    library = ctypes.CDLL(sys.argv[1])
    sizes, what = (int(sys.argv[2]), int(sys.argv[3])), sys.argv[4]
    learner = heap(bytes(library.learner_bytes()))
    pieces = [LIBC.malloc(size // 2 if what == "short" else size) for size in sizes]
    spec = ctypes.byref(ctypes.c_char.in_dll(library, "fp_generated_learner"))
    assert library.fp_learner_init(learner, spec, struct.pack("<QQII", *pieces, *sizes)) == 0
    caller = Caller(library, learner)
    actions = (caller.mask, caller.seed, caller.values, caller.samples, caller.train, caller.steps)
    while len(caller.statuses) < CALLS:
        actions[int(caller.random.integers(0, len(actions)))]()
    print(sum(status == 0 for status in caller.statuses), sum(status != 0 for status in caller.statuses))
    print(*sorted(set(caller.statuses)))


if __name__ == "__main__":
    main()
