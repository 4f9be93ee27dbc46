"""The ClientApp: answers the server for the clients of one SuperNode (:mod:`trainer.flower.handlers`)."""

from flwr.app import Context, Message
from flwr.clientapp import ClientApp

from trainer.flower.handing_on import hand_on, is_short_lived

app = ClientApp()


@app.query("hello")
@app.query("agree")
@app.query("gradients")
@app.query("recall")
@app.query("restore")
@app.train()
@app.train("secagg")
def reply(message: Message, context: Context) -> Message:
    """Whatever the message is, by this process or by the one that stays."""
    if is_short_lived():
        return Message(hand_on(message, context), reply_to=message)
    from trainer.flower.handlers import answer

    return Message(answer(message, context), reply_to=message)
