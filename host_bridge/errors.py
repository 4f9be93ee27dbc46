"""The error every package raises for what a user can put right."""


class UserError(Exception):
    """A mistake or a missing piece outside the program.

    The message is one line: it names the offender and the remedy. Command lines print it as
    ``error: …`` and end with exit code 2 (see :mod:`host_bridge.console`).
    """


class LinkError(UserError):
    """The board did not answer, or answered something the protocol does not allow."""
