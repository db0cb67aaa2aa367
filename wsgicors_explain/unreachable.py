"""Why no response came over a socket, and what to change."""

from __future__ import annotations

import re
import socket
import ssl
from typing import Final, NamedTuple

from .middleware import is_local
from .sockets import (
    ACCEPT,
    FAILURES,
    FRAMES,
    HTTP_1_1,
    HTTP_2,
    HTTP_2_SPOKEN,
    HTTP_SPOKEN,
    HTTPS_SPOKEN,
    RESOLVE,
    RESPOND,
    START_TLS,
    OtherProtocol,
    TooLate,
    ask_protocol,
    names_in_certificate,
)
from .wire import URL, Unreachable


class BadResponse(Exception):
    """Browsers do not accept this as a response; the text says what the server did."""


class Closed(BadResponse):
    """The server closed the connection without a response."""

    def __init__(self) -> None:
        super().__init__("it closed the connection")


class Row(NamedTuple):
    """What a failure means, and what to change.

    Both may name {server}, {host}, and the origins {http} and {https} at that port.
    """

    cause: str
    fix: str
    browsers_may: bool = False


PASTE_HEADERS: Final = (
    "look at the response headers in the browser's Network tab, and paste them into"
    " wsgicors explain - --offline"
)

# Protocols

NO_TLS: Final = "{server} does not speak TLS: perhaps the URL is {http}"
OTHER_PROTOCOLS: Final = {
    HTTP_SPOKEN: Row(NO_TLS, "write {http} in the page's URL, or let the server speak TLS"),
    HTTPS_SPOKEN: Row(
        "{server} speaks TLS: perhaps the URL is {https}",
        "write {https} in the page's URL",
    ),
    HTTP_2_SPOKEN: Row(
        "{server} speaks only HTTP/2, which wsgicors_explain does not, so whether browsers may"
        " read the response is unknown",
        "explain the application itself, or a server in front of it that speaks HTTP/1.1 as well;"
        f" or {PASTE_HEADERS}",
        browsers_may=True,
    ),
    FRAMES: Row(
        "{server} speaks only HTTP/2, but did not agree to it in TLS (ALPN), without which"
        " browsers do not use HTTP/2",
        "serve HTTP/1.1 as well, or put a proxy that does in front of the server",
    ),
}
# A page on https may request http only from its own machine.
HTTP_ELSEWHERE: Final = Row(
    NO_TLS, "let the server speak TLS at this port, or, for a page on http, write {http}"
)
ONLY_H2C: Final = Row(
    "{server} speaks only HTTP/2 without TLS (h2c), which no browser does",
    "serve HTTP/1.1 as well, or HTTP/2 with TLS",
)
# What versions of OpenSSL say when the peer does not speak TLS.
NOT_TLS: Final = (
    "http request",
    "packet length too long",
    "record layer failure",
    "unknown protocol",
    "wrong version number",
)

# TLS

NO_PROTOCOL: Final = "no application protocol"
CERTIFY_NAME: Final = (
    "correct the host in the page's URL, or give the server a certificate for {host}"
)
# Servers that require one end the handshake, or respond with an error.
CLIENT_CERTIFICATE: Final = Row(
    "the server requires a client certificate, which browsers send only with credentials,"
    " and never with a preflight",
    "let the server ask for a client certificate without requiring it (ssl_verify_client"
    " optional in nginx), and let the application refuse what needs one",
    browsers_may=True,
)
NEWER_TLS: Final = "let the server speak TLS 1.2 and 1.3"
# How OpenSSL's messages end, what they mean, and what to change.
TLS_FAILURES: Final = {
    "handshake failure": Row(
        "no common version and cipher, or a client certificate is required",
        f"{NEWER_TLS} with its usual ciphers, and not require a client certificate",
    ),
    "unrecognized name": Row("the server has no certificate for this host name", CERTIFY_NAME),
    "certificate required": CLIENT_CERTIFICATE,
    NO_PROTOCOL: Row(
        "the server refuses HTTP/1.1, and HTTP/2 did not start either",
        "correct the port in the page's URL, or list http/1.1 in the server's ALPN protocols",
    ),
    "unsupported protocol": Row(
        "the server speaks only old versions of TLS, which browsers refuse", NEWER_TLS
    ),
    "protocol version": Row("the server speaks other versions of TLS than browsers", NEWER_TLS),
    "internal error": Row(
        "the server failed, often as it has no certificate for this host name", CERTIFY_NAME
    ),
}
ANY_TLS: Final = "read the server's log, and check its certificate and its TLS configuration"
AROUND_TLS_ERROR: Final = re.compile(r"^\[.*?\] | \(_ssl\.c:[0-9]+\)$")

SELF_SIGNED: Final = Row(
    "",
    "get a certificate from an authority such as Let's Encrypt, or from mkcert for development;"
    " or, for your own browser only, open {https} in a tab and accept the certificate. If you did,"
    " set SSL_CERT_FILE to a file with the certificate and explain again",
)
UNKNOWN_AUTHORITY: Final = Row(
    ", so the server does not send its whole chain, or Python does not know its authority",
    "open {https} in a tab: if the browser warns, let the server send its whole chain"
    " (fullchain.pem), or get a certificate from an authority that browsers trust; if it does not,"
    " set SSL_CERT_FILE to a file with the authority's certificate and explain again",
    browsers_may=True,
)
OTHER_NAME: Final = Row("", CERTIFY_NAME)
NOT_YET_VALID: Final = Row(
    "", "correct the clock of this machine if it is wrong, or use a certificate that is valid now"
)
EXPIRED: Final = Row("", "renew the certificate, and let the server load the new one")
# X509_V_ERR_* of OpenSSL, https://docs.openssl.org/master/man3/X509_STORE_CTX_get_error/
CERTIFICATE_FAILURES: Final = {
    2: UNKNOWN_AUTHORITY,
    9: NOT_YET_VALID,
    10: EXPIRED,
    18: SELF_SIGNED,
    19: UNKNOWN_AUTHORITY,
    20: UNKNOWN_AUTHORITY,
    21: UNKNOWN_AUTHORITY,
    62: OTHER_NAME,
    64: OTHER_NAME,
}
ANY_CERTIFICATE: Final = Row(
    "", "open {https} in a tab to see what is wrong with the certificate, and replace it"
)
SHOWN_NAMES: Final = 3

# Time

TOO_LATE: Final = {
    RESOLVE: "check the DNS servers of this machine",
    ACCEPT: "correct the host and the port, start the server, or let firewalls pass the request",
    START_TLS: "check that the server speaks https at this port",
    RESPOND: "read the server's log to find out what it waits for",
}

# Addresses

START_LOCAL: Final = (
    "start the server, or correct the port in the page's URL; if the server is in a container,"
    " let it listen on 0.0.0.0 and publish the port"
)
START: Final = "start the server, or correct the scheme, the host and the port in the page's URL"

# Responses

READ_WHY: Final = (
    "read the log of the server, and of any proxy in front of it: the application crashed, or"
    " a limit ended the request"
)
OTHER_SERVICE: Final = (
    "correct the port in the page's URL if that is another service; else let the server send"
    " a valid response"
)


def look_closer(url: URL, deadline: float, error: Exception) -> Exception:
    """The error, or what another connection shows to be behind it."""
    ended = isinstance(error, (Closed, ConnectionResetError, ssl.SSLEOFError))
    if url.scheme == "http":
        return OtherProtocol(HTTPS_SPOKEN) if ended and speaks_tls(url, deadline) else error
    refused = isinstance(error, ssl.SSLError) and words_of(error).endswith(NO_PROTOCOL)
    frames = isinstance(error, OtherProtocol) and str(error) == FRAMES
    if not (ended or refused or frames):
        return error
    try:
        agreed = ask_protocol(url, deadline, HTTP_2)
    except ssl.SSLCertVerificationError as invalid:
        return invalid
    except FAILURES:
        return error
    return OtherProtocol(HTTP_2_SPOKEN) if agreed == HTTP_2 else error


def speaks_tls(url: URL, deadline: float) -> bool:
    """Whether TLS can be started with the server, or fails only because of a certificate."""
    try:
        ask_protocol(url, deadline, HTTP_1_1)
    except ssl.SSLCertVerificationError:
        return True
    except FAILURES:
        return False
    return True


def why_unreachable(url: URL, timeout: float, deadline: float, error: Exception) -> Unreachable:
    """What an error says about the server, and what to change."""
    found = why_failed(url, timeout, deadline, error)
    if not browsers_use_proxy(url):
        return found
    reason = f"{found}; explain connects directly, while browsers may use this machine's proxy"
    fix = f"open {url.origin} in a tab: if it responds, {PASTE_HEADERS}; if not, {found.fix}"
    return Unreachable(reason, fix, browsers_may=True, nowhere=found.nowhere)


def browsers_use_proxy(url: URL) -> bool:
    """Whether the settings of the system, or HTTPS_PROXY and its like, name a proxy for the URL."""
    from urllib.request import getproxies, proxy_bypass

    return url.scheme in getproxies() and not is_local(url.host) and not proxy_bypass(url.authority)


def why_failed(url: URL, timeout: float, deadline: float, error: Exception) -> Unreachable:
    """The same for the connection that was tried, which was direct."""
    server = url.authority
    if isinstance(error, ssl.SSLCertVerificationError):
        return why_not_valid(url, deadline, error)
    if isinstance(error, ssl.SSLError):
        return why_no_tls(url, error)
    if isinstance(error, TooLate):
        return why_late(url, timeout, str(error))
    if isinstance(error, OtherProtocol):
        return why_other_protocol(url, str(error))
    if isinstance(error, (Closed, ConnectionResetError)):
        verb = "closed" if isinstance(error, Closed) else "reset"
        reason = f"{server} sent no response: it {verb} the connection"
        return Unreachable(reason, READ_WHY)
    if isinstance(error, BadResponse):
        reason = f"{server} sent no HTTP response that browsers accept: {error}"
        return Unreachable(reason, OTHER_SERVICE)
    return why_not_connected(url, error)


def why_not_connected(url: URL, error: Exception) -> Unreachable:
    """The name does not resolve, the address cannot be reached, or nothing listens there."""
    if isinstance(error, socket.gaierror):
        reason = f"the host name {url.host} does not resolve: {error.strerror}"
        return Unreachable(reason, fix_name(url.host), nowhere=True)
    if isinstance(error, ConnectionRefusedError):
        reason = f"nothing listens on {url.host} port {url.port}: the connection was refused"
        return Unreachable(reason, START_LOCAL if is_local(url.host) else START, nowhere=True)
    said = getattr(error, "strerror", None) or error
    fix = "correct the host in the page's URL, or connect to the network or VPN that leads to it"
    return Unreachable(f"{url.authority} cannot be reached: {said}", fix, nowhere=True)


def fix_name(host: str) -> str:
    """What to change if a host name does not resolve."""
    fix = "correct the host in the page's URL, or its entry in the DNS"
    if "." in host:
        return fix
    return f"{fix}; a name that only containers know, such as {host}, is unknown to browsers"


def why_late(url: URL, timeout: float, what: str) -> Unreachable:
    """Something did not happen in time; a browser would wait longer."""
    who = f"the host name {url.host}" if what == RESOLVE else url.authority
    limit = "1 second" if timeout == 1 else f"{timeout:g} seconds"
    reason = f"{who} did not {what} within {limit}"
    fix = "explain again with a longer --timeout, as browsers wait for minutes; if that does not"
    nowhere = what in (RESOLVE, ACCEPT)
    return Unreachable(reason, f"{fix} help, {TOO_LATE[what]}", browsers_may=True, nowhere=nowhere)


def why_not_valid(url: URL, deadline: float, error: ssl.SSLCertVerificationError) -> Unreachable:
    """What is wrong with the certificate."""
    row = CERTIFICATE_FAILURES.get(error.verify_code, ANY_CERTIFICATE)
    said = error.verify_message.rstrip(".") + row.cause
    if row is OTHER_NAME:
        names = names_in_certificate(url, deadline)
        shown = ", ".join(names[:SHOWN_NAMES])
        more = f" and {len(names) - SHOWN_NAMES} more" if len(names) > SHOWN_NAMES else ""
        said += f", but for {shown}{more}" if names else ""
    verb = "cannot be verified" if row is UNKNOWN_AUTHORITY else "is not valid"
    reason = f"the certificate of {url.authority} {verb}: {said}"
    return Unreachable(reason, filled(url, row).fix, browsers_may=row.browsers_may)


def why_other_protocol(url: URL, spoken: str) -> Unreachable:
    """The server speaks something else than the URL says, or than is spoken here."""
    if (url.scheme, spoken) == ("http", FRAMES):
        return filled(url, ONLY_H2C)
    if spoken == HTTP_SPOKEN and not is_local(url.host):
        return filled(url, HTTP_ELSEWHERE)
    return filled(url, OTHER_PROTOCOLS[spoken])


def why_no_tls(url: URL, error: ssl.SSLError) -> Unreachable:
    """What OpenSSL says, and what that means."""
    server, said = url.authority, words_of(error)
    if isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
        reason = f"TLS with {server} failed: it closed the connection during the handshake"
        return Unreachable(reason, ANY_TLS)
    if said in NOT_TLS:
        return why_other_protocol(url, HTTP_SPOKEN)
    reason = f"TLS with {server} failed: OpenSSL says {said!r}"
    for end, row in TLS_FAILURES.items():
        if said.endswith(end):
            found = filled(url, row)
            return Unreachable(f"{reason}: {found}", found.fix, browsers_may=row.browsers_may)
    return Unreachable(reason, ANY_TLS)


def words_of(error: ssl.SSLError) -> str:
    """What OpenSSL says, without where in its code."""
    return AROUND_TLS_ERROR.sub("", str(error.strerror or error))


def filled(url: URL, row: Row) -> Unreachable:
    """The row with the values of this server."""
    values = {
        "server": url.authority,
        "host": url.host,
        "http": url._replace(scheme="http").origin,
        "https": url._replace(scheme="https").origin,
    }
    cause, fix = row.cause.format(**values), row.fix.format(**values)
    return Unreachable(cause, fix, browsers_may=row.browsers_may)
