"""Certificates and keys for a federation on one machine: made for a trial, not for a site.

A certificate authority, a certificate of the SuperLink for ``localhost`` and 127.0.0.1, and a key pair for each
SuperNode (ECDSA on P-384, as Flower's node authentication takes them).
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

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


def make_credentials(folder: Path, nodes: int) -> Credentials:
    """Write everything into ``folder``; private keys can be read by their owner alone."""
    folder.mkdir(parents=True, exist_ok=True)
    authority_key, key = _new_key(), _new_key()
    authority_name, name = _name("trial authority"), _name("localhost")
    authority = _certificate(authority_name, authority_name, authority_key, authority_key, authority=True)
    certificate = _certificate(name, authority_name, key, authority_key, authority=False)
    pem = serialization.Encoding.PEM
    return Credentials(
        authority=_write(folder / "ca.crt", authority.public_bytes(pem)),
        certificate=_write(folder / "server.pem", certificate.public_bytes(pem)),
        key=_write(folder / "server.key", _private(key, serialization.PrivateFormat.TraditionalOpenSSL)),
        nodes=tuple(_node_keys(folder, number) for number in range(nodes)),
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
    *,
    authority: bool,
) -> x509.Certificate:
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(IPv4Address("127.0.0.1"))])
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=DAYS))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if not authority:
        built = built.add_extension(names, critical=False)
    return built.sign(issuer_key, hashes.SHA256())


def _private(key: ec.EllipticCurvePrivateKey, form: serialization.PrivateFormat) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


def _write(path: Path, content: bytes) -> Path:
    path.touch(mode=0o600)
    path.write_bytes(content)
    return path
