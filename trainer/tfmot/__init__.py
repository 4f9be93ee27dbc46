"""TensorFlow Model Optimization, which needs Keras 2, beside Keras 3 in one process.

Importing it sets ``TF_USE_LEGACY_KERAS`` for the whole process and all that it starts, which would turn ``tf.keras``
into Keras 2 for everyone. So ``tf.keras`` is settled first, and the variable is put back afterwards. Nothing else of
the project imports ``tensorflow_model_optimization`` or ``tf_keras``.
"""

import os
from types import ModuleType
from typing import Any

_VARIABLE = "TF_USE_LEGACY_KERAS"


def import_tfmot() -> tuple[Any, ModuleType]:
    """Import it without a trace.

    Returns:
        The modules ``tensorflow_model_optimization`` and ``tf_keras``.
    """
    import tensorflow as tf

    before = os.environ.get(_VARIABLE)
    # tf.keras is loaded on first use, and only then looks at the variable.
    _ = tf.keras.__version__
    try:
        import tensorflow_model_optimization
        import tf_keras
    finally:
        if before is None:
            os.environ.pop(_VARIABLE, None)
        else:
            os.environ[_VARIABLE] = before
    return tensorflow_model_optimization, tf_keras
