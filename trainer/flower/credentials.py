"""Certificates and keys for a federation on one machine: made for a trial, not for a site.

A certificate authority, a certificate of the SuperLink for ``localhost``, 127.0.0.1 and other names of its machine,
and a key pair for each SuperNode (ECDSA on P-384, as Flower's node authentication takes them).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from host_bridge.errors import UserError

DAYS = 30


@dataclass(frozen=True)
class Credentials:
    """Files of a federation.

    Attributes:
        authority: certificate that SuperNodes and users check the SuperLink's against.
        certificate: the SuperLink's.
        key: the SuperLink's private key.
        nodes: private and public key file of each SuperNode.
    """

    authority: Path
    certificate: Path
    key: Path
    nodes: tuple[tuple[Path, Path], ...]


def make_credentials(folder: Path, nodes: int, names: Sequence[str] = ()) -> Credentials:
    """Write everything into ``folder``; private keys can be read by their owner alone.

    Args:
        folder: must be empty, or not be there.
        nodes: SuperNodes.
        names: host names and addresses of the SuperLink's machine, besides ``localhost`` and 127.0.0.1.

    Raises:
        UserError: something is in the folder already, or it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        taken = any(folder.iterdir())
    except OSError as error:
        raise UserError(f"{folder} is no folder for credentials: {error.strerror}; give another --out") from None
    if taken:
        raise UserError(f"{folder} is not empty, and keys are not written over; give another --out")
    authority_key, key = _new_key(), _new_key()
    authority_name, name = _name("trial authority"), _name("localhost")
    authority = _certificate(authority_name, authority_name, authority_key, authority_key)
    certificate = _certificate(name, authority_name, key, authority_key, ("localhost", "127.0.0.1", *names))
    pem = serialization.Encoding.PEM
    return Credentials(
        authority=_write(folder / "ca.crt", authority.public_bytes(pem)),
        certificate=_write(folder / "server.pem", certificate.public_bytes(pem)),
        key=_write(folder / "server.key", _private(key, serialization.PrivateFormat.TraditionalOpenSSL)),
        nodes=tuple(_node_keys(folder, number) for number in range(nodes)),
    )


def check_node_key(file: Path) -> None:
    """Look whether a file holds a SuperNode's private key, as Flower reads it.

    Raises:
        UserError: it is missing, this user may not read it, or it holds none.
    """
    try:
        key = serialization.load_ssh_private_key(file.read_bytes(), None)
    except OSError as error:
        raise UserError(
            f"there is no key {file} ({error.strerror}); make a pair, and register the public one"
        ) from None
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise UserError(
            f"{file} holds no private ECDSA key in OpenSSH's form and without a password; "
            "give the one whose public key is registered"
        )


def _node_keys(folder: Path, number: int) -> tuple[Path, Path]:
    key = _new_key()
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    private = _private(key, serialization.PrivateFormat.OpenSSH)
    return _write(folder / f"node{number}", private), _write(folder / f"node{number}.pub", public)


def _new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP384R1())


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer_key: ec.EllipticCurvePrivateKey,
    names: Sequence[str] = (),
) -> x509.Certificate:
    """An authority's, or that of a machine with these names."""
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=DAYS))
        .add_extension(x509.BasicConstraints(ca=not names, path_length=None), critical=True)
    )
    if names:
        built = built.add_extension(x509.SubjectAlternativeName([_alternative(one) for one in names]), critical=False)
    return built.sign(issuer_key, hashes.SHA256())


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        pass
    try:
        return x509.DNSName(name)
    except ValueError:
        raise UserError(f"{name!r} is no host name; write server.example or an address") from None


def _private(key: ec.EllipticCurvePrivateKey, form: serialization.PrivateFormat) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


def _write(path: Path, content: bytes) -> Path:
    path.touch(mode=0o600)
    path.write_bytes(content)
    return path
