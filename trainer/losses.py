"""The loss that clients train on."""

from trainer.backends import Tensor


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Softmax cross-entropy of each sample, in nats.

    Args:
        logits: (samples, classes).
        labels: int32 (samples,).

    Returns:
        (samples,).
    """
    from keras import ops

    return ops.sparse_categorical_crossentropy(labels, logits, from_logits=True)
