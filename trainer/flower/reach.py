"""Whether a SuperNode can reach its SuperLink, found out before Flower's program starts, which tries for ever."""

import socket
import ssl
from pathlib import Path

from host_bridge.errors import UserError

_SECONDS = 10.0


def check_reach(superlink: str, authority: Path) -> None:
    """Connect to a SuperLink once, by TLS.

    Args:
        superlink: its address, ``HOST:PORT``.
        authority: certificate that the SuperLink's is checked against.

    Raises:
        UserError: the address is none, nobody listens there, or its certificate is not what the authority vouches for;
            names which.
    """
    host, _, port = superlink.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 2**16:
        raise UserError(f"superlink = {superlink!r} is no address; write server.example:8000")
    asking = trusting(authority)
    try:
        with socket.create_connection((host.strip("[]"), int(port)), _SECONDS) as plain:
            asking.wrap_socket(plain, server_hostname=host.strip("[]")).close()
    except ssl.SSLCertVerificationError as error:
        raise UserError(
            f"the certificate of the SuperLink at {superlink} is not one that {authority} vouches for: "
            f"{error.verify_message}; give the authority that signed it, or make new ones"
        ) from None
    except ssl.SSLError as error:
        raise UserError(
            f"what listens at {superlink} speaks no TLS ({error.reason}); is that the SuperLink's port?"
        ) from None
    except OSError as error:
        why = error.strerror or str(error) or "no answer"
        raise UserError(f"no SuperLink at {superlink}: {why}; start it, or give the port it was started with") from None


def trusting(authority: Path) -> ssl.SSLContext:
    """What checks certificates against an authority's.

    Raises:
        UserError: the file is missing, or holds none.
    """
    if not authority.is_file():
        raise UserError(f"there is no certificate {authority}; copy the authority's from the SuperLink's machine")
    try:
        return ssl.create_default_context(cafile=str(authority))
    except ssl.SSLError:
        raise UserError(
            f"{authority} holds no certificate; copy the authority's from the SuperLink's machine"
        ) from None
