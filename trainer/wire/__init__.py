"""How kept values are written for the line, by name."""

from trainer.registry import Registry
from trainer.wire.codec import Codec
from trainer.wire.float16 import FLOAT16
from trainer.wire.float32 import Float32Codec
from trainer.wire.int8 import INT8

CODECS: Registry[Codec] = Registry("encoding", {"float32": Float32Codec(), "float16": FLOAT16, "int8": INT8})

__all__ = ["CODECS", "Codec"]
