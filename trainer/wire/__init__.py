"""How kept values are written for the line, by name."""

from trainer.registry import Registry
from trainer.wire.codec import Codec
from trainer.wire.float32 import Float32Codec

CODECS: Registry[Codec] = Registry("encoding", {"float32": Float32Codec()})

__all__ = ["CODECS", "Codec"]
