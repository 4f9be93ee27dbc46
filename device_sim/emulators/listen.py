"""TCP ports of this computer."""

import socket

from host_bridge.errors import UserError

HOST = "127.0.0.1"


def listening_socket(port: int) -> socket.socket:
    """A socket that listens at ``port`` of 127.0.0.1 (0: a free one).

    Raises:
        UserError: the port is in use or not allowed.
    """
    server = socket.socket()
    try:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((HOST, port))
        server.listen(1)
    except (OSError, OverflowError) as error:
        server.close()
        reason = getattr(error, "strerror", None) or "not a port number"
        raise UserError(
            f"cannot listen at port {port}: {reason}; choose another --port, or 0 for a free one"
        ) from error
    return server
