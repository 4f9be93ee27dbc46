"""Starts TensorFlow Lite Micro with an arena of a given size: ``python arena_child.py MODEL.tflite BYTES``.

Standard error then says how much of it is used. In a process of its own, as the interpreter trusts its file, and one
that could not place its tensors may take the process with it.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    from tflite_micro import runtime

    interpreter = runtime.Interpreter.from_bytes(Path(sys.argv[1]).read_bytes(), arena_size=int(sys.argv[2]))
    interpreter.print_allocations()
