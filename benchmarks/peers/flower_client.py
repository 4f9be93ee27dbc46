"""Flower's client of the benchmark; Ray's workers import it."""

import os
from functools import cache
from typing import Any

from bench_net import bench_net
from flwr.app import ArrayRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from work_file import Work, read_work

app = ClientApp()


@cache
def work() -> Work:
    """What to do, read once in each process."""
    return read_work(os.environ["BENCH_WORK"])


def new_model() -> Any:  # noqa: ANN401 - a Keras model
    """The compiled Keras model, as the quick start makes it."""
    import keras

    model = keras.Model(*bench_net(keras.layers, (8, 8, 1), 10))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(work().learning_rate), loss)
    return model


cached_model = cache(new_model)


@app.train()
def train(message: Message, context: Context) -> Message:
    """One epoch over the client's samples by ``model.fit``."""
    import keras

    if os.environ["BENCH_MODEL"] == "cached":
        model = cached_model()
    else:
        keras.backend.clear_session()
        model = new_model()
    indices = work().parts[int(context.node_config["partition-id"])]
    model.set_weights(message.content["arrays"].to_numpy_ndarrays())
    x, y = work().train_x[indices], work().train_y[indices]
    model.fit(x, y, epochs=1, batch_size=work().batch_size, verbose=0)
    metrics = MetricRecord({"num-examples": len(indices)})
    content = RecordDict({"arrays": ArrayRecord(model.get_weights()), "metrics": metrics})
    return Message(content=content, reply_to=message)
