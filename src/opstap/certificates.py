"""TLS without outside help: a server's own certificate authority, whose certificate each client is given once.

The files of a server named `stem` are `stem-ca.pem` (for clients), `stem.pem` and `stem.key`.
"""

from __future__ import annotations

import ipaddress
import os
import ssl
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_YEARS, SERVER_DAYS = 10, 397


def make(folder: Path, stem: str, names: list[str]) -> Path:
    """Make authority and server certificate for `names` (host names or addresses) in `folder`, unless they are there.

    The authority's key is thrown away after use, so nobody can sign a second certificate with it: for new names, make
    anew and hand out the new authority. Returns the file to give to clients.
    """
    authority, server, key = files = [folder / f"{stem}{end}" for end in ("-ca.pem", ".pem", ".key")]
    if all(file.exists() for file in files):
        return authority
    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.now(timezone.utc)
    signing, serving = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Opstap {stem} authority")])
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    root_certificate = (
        _builder(root, root, signing.public_key(), now, timedelta(days=365 * AUTHORITY_YEARS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .sign(signing, hashes.SHA256())
    )
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Opstap {stem}")])
    certificate = (
        _builder(subject, root, serving.public_key(), now, timedelta(days=SERVER_DAYS))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([_name(n) for n in names]), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(signing, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    authority.write_bytes(root_certificate.public_bytes(pem))
    server.write_bytes(certificate.public_bytes(pem))
    secret = serving.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    with os.fdopen(os.open(key, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(secret)
    return authority


def server_context(folder: Path, stem: str) -> ssl.SSLContext:
    """What the server listens with.

    Raises:
        OSError: its files are not there or are no certificate and key.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(folder / f"{stem}.pem", folder / f"{stem}.key")
    return context


def client_context(authority: Path) -> ssl.SSLContext:
    """What a client connects with: this authority alone is trusted, and the name must fit."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(authority)
    return context


def _name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime,
             valid: timedelta) -> x509.CertificateBuilder:  # fmt: skip
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    begin = now - timedelta(hours=1)  # clocks differ
    return builder.serial_number(x509.random_serial_number()).not_valid_before(begin).not_valid_after(now + valid)
