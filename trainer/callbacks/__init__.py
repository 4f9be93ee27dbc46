"""What happens after each round beside training: one small class for each, told about it in order."""

from trainer.callbacks.callback import Callback
from trainer.callbacks.checkpointer import Checkpointer
from trainer.callbacks.jsonl import ROUNDS, JsonLines
from trainer.callbacks.progress import ShowProgress
from trainer.callbacks.tensorboard import EVENTS, TensorBoard

__all__ = ["EVENTS", "ROUNDS", "Callback", "Checkpointer", "JsonLines", "ShowProgress", "TensorBoard"]
