"""TLS without a network: a certificate of your own, and a handshake between two ends held in memory."""

import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Identity(NamedTuple):
    """A certificate and its private key, both PEM."""

    certificate: str
    key: str


def self_signed(host: str) -> Identity:
    """A new key and a certificate for `host`, signed by that key itself, good for one day.

    Nobody vouches for it: a client accepts it only if it was handed the certificate beforehand.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return Identity(certificate.public_bytes(pem).decode(), secret.decode())


def send(message: bytes, server: Identity, trusted: str, host: str) -> tuple[bytes, bytes]:
    """Send a message from a client to a server by TLS.

    Args:
        server: certificate and key of the server.
        trusted: the certificate (PEM) that the client trusts.
        host: whom the client wants to talk to.

    Returns:
        What the server read, and every byte that passed between the two: what a listener sees.

    Raises:
        ssl.SSLCertVerificationError: the server's certificate isn't the trusted one, or is for another host.
    """
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:  # the ssl module reads keys from files only
        file = Path(folder) / "identity.pem"
        file.write_text(server.key + server.certificate, encoding="utf-8")
        server_context.load_cert_chain(file)
    client_context = ssl.SSLContext(
        ssl.PROTOCOL_TLS_CLIENT
    )  # verifies certificate and host; no setting of this machine matters
    client_context.load_verify_locations(cadata=trusted)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()  # what each end has written and the other not yet read
    client = client_context.wrap_bio(to_client, to_server, server_hostname=host)
    # Each end has buffers of its own, so that the server reads nothing that has not passed over the wire.
    from_client, from_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    answering = server_context.wrap_bio(from_client, from_server, server_side=True)
    wire = b""

    def carry() -> None:
        nonlocal wire
        for source, target in ((to_server, from_client), (from_server, to_client)):
            passing = source.read()
            wire += passing
            target.write(passing)

    open_ends = [client, answering]
    while open_ends:
        for end in list(open_ends):
            try:
                end.do_handshake()
                open_ends.remove(end)
            except ssl.SSLWantReadError:
                pass
            carry()
    client.write(message)
    carry()
    return answering.read(len(message) + 1), wire
