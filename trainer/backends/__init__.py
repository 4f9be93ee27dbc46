"""What Keras' operations lack: compiling, gradients and loops, once for each backend that Keras can run on.

Everything else is written with ``keras.ops``, so that pruners, local training and evaluation exist once.
"""

from functools import cache

from host_bridge.errors import UserError
from trainer.backends.backend import Backend, Tensor

__all__ = ["Backend", "Tensor", "backend"]


@cache
def backend() -> Backend:
    """The backend that Keras runs on (``KERAS_BACKEND``; TensorFlow if it is not set).

    Raises:
        UserError: it is neither TensorFlow nor JAX.
    """
    import keras

    name = keras.backend.backend()
    if name == "tensorflow":
        from trainer.backends.tensorflow import TensorFlowBackend

        return TensorFlowBackend()
    if name == "jax":
        from trainer.backends.jax import JaxBackend

        return JaxBackend()
    raise UserError(f"KERAS_BACKEND={name} is not supported; use tensorflow or jax")
