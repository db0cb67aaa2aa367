"""Certificates for servers on loopback, made anew for each run."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from typing import Any, NamedTuple


class Issued(NamedTuple):
    """A certificate with its key, and the chain up to the authority, in one PEM file."""

    path: Any
    certificate: Any
    key: Any


def name_of(text: str) -> Any:
    """A host name or an address, as a certificate lists it."""
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def issue(path, *names, by: Issued | None = None, days=(-1, 1), authority=False, client=False):
    """A certificate for these names, valid between these days from now; self-signed, or signed `by` another one.

    authority: whether it signs others. client: whether it is for a client, not for a server.
    """
    # Here, as other files import this one, also where there is no cryptography: in .ci/pyodide.
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0])])
    now = datetime.datetime.now(datetime.timezone.utc)
    begin, end = [now + datetime.timedelta(days=day) for day in days]
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
        .add_extension(x509.SubjectAlternativeName(map(name_of, names)), critical=False)
    )
    if authority:
        # Not critical, as RFC 5280 has it and many an authority of developers does not.
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), False)
    if client:
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
        builder = builder.add_extension(usage, critical=False)
    certificate = builder.sign(by.key if by else key, hashes.SHA256())
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    path.write_bytes(private + pem)
    return Issued(path, certificate, key)


# What is odd about a server: each changes its context.


def tls_only_old(context):
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("DEFAULT@SECLEVEL=0")


def tls_with_an_unusual_cipher(context):
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE-ECDSA-CAMELLIA256-SHA384")


def tls_with_client_certificates(context):
    context.verify_mode = ssl.CERT_REQUIRED


def tls_with_alert(description):
    def prepare(context):
        context.sni_callback = lambda *arguments: description

    return prepare
