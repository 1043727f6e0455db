"""A certificate for 127.0.0.1, because the template's policies refuse all that is not TLS."""

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from local.machine import private

_VALIDITY = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Certificate:
    """Files in PEM. Clients trust `certificate` itself (AWS_CA_BUNDLE, SSL_CERT_FILE)."""

    certificate: Path
    key: Path

    @classmethod
    def at(cls, directory: Path) -> "Certificate":
        return cls(directory / "server.pem", directory / "server.key")


def issue(directory: Path) -> Certificate:
    """Writes a new self-signed server certificate for 127.0.0.1 and localhost.

    It is no authority, so that nothing can be signed with its key. It fits the strict checks that
    Python makes from version 3.13 on.
    """
    files = Certificate.at(directory)
    private.make_directory(directory)
    key = ec.generate_private_key(ec.SECP256R1())
    private.write(files.certificate, _self_signed(key).public_bytes(Encoding.PEM))
    private.write(files.key, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return files


def _self_signed(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, "Async Inference Relay, local stack")]
    )
    alternatives = [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")]
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + _VALIDITY)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .sign(key, hashes.SHA256())
    )
