"""From clients' replies to the next global model."""

from trainer.aggregation.sparse_mean import HeldWeights, sparse_mean
from trainer.aggregation.validate import InvalidReplyError, check_reply

__all__ = ["HeldWeights", "InvalidReplyError", "check_reply", "sparse_mean"]
