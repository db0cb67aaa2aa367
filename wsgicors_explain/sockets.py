"""Connections to the server of a URL, with and without TLS, all within a time limit."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from concurrent import futures
from typing import TYPE_CHECKING, Final

from .wire import URL

if TYPE_CHECKING:
    from typing import Any

    Addresses = list[tuple[Any, ...]]


# The names of protocols in ALPN, https://www.iana.org/assignments/tls-extensiontype-values/
HTTP_1_1: Final = "http/1.1"
HTTP_2: Final = "h2"
# What the server speaks instead of what the URL says.
HTTP_SPOKEN: Final = "http"
HTTPS_SPOKEN: Final = "https"
FRAMES: Final = "frames"  # of HTTP/2
HTTP_2_SPOKEN: Final = "HTTP/2"
# In this part of the time, TLS has usually started; else the server may be waiting for the end of a
# request without TLS, as waitress does.
PATIENCE: Final = 4
HTTP_START: Final = b"HTTP/"


class TooLate(Exception):
    """The time limit has passed; the text says what had not happened yet."""


class OtherProtocol(Exception):
    """The server speaks another protocol than HTTP/1.1; the text is its name."""


# How a connection fails.
FAILURES: Final = (OSError, OtherProtocol, TooLate)


@contextlib.contextmanager
def in_time(what: str) -> Iterator[None]:
    """TooLate: the time limit has passed, and this had not happened yet."""
    try:
        yield
    except socket.timeout as error:
        raise TooLate(what) from error


def seconds_until(deadline: float) -> float:
    """The seconds until the deadline. socket.timeout: it has passed."""
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise socket.timeout
    return seconds


def host_of(url: URL) -> str:
    """The host name or address, as the system takes it."""
    return url.host.strip("[]")


def look_up(url: URL, deadline: float) -> Addresses:
    """The addresses of the server. The system may search for longer, so a thread asks it."""
    found: futures.Future[Addresses] = futures.Future()

    def ask() -> None:
        try:
            found.set_result(socket.getaddrinfo(host_of(url), url.port, type=socket.SOCK_STREAM))
        except Exception as error:
            found.set_exception(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        return found.result(seconds_until(deadline))
    except futures.TimeoutError:
        raise socket.timeout from None


def connect(url: URL, deadline: float) -> socket.socket:
    """A connection to the first address of the server that accepts one; all share the time."""
    with in_time("resolve"):
        infos = look_up(url, deadline)
    with in_time("accept a connection"):
        return connect_to(infos, deadline)


def connect_to(infos: Addresses, deadline: float) -> socket.socket:
    """A connection to the first address that accepts one."""
    problem = OSError()
    for index, (family, kind, protocol, _, address) in enumerate(infos):
        with contextlib.ExitStack() as stack:
            try:
                sock = stack.enter_context(socket.socket(family, kind, protocol))
                sock.settimeout(seconds_until(deadline) / (len(infos) - index))
                sock.connect(address)
            except OSError as error:
                problem = error
            else:
                stack.pop_all()  # it stays open
                return sock
    raise problem


def start_tls(
    sock: socket.socket,
    url: URL,
    deadline: float,
    *,
    protocol: str = HTTP_1_1,
    check_hostname: bool = True,
) -> ssl.SSLSocket:
    """The connection with TLS on it, for that protocol, with a valid certificate."""
    context = ssl.create_default_context()
    context.check_hostname = check_hostname
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # as browsers; Python 3.9 would take less
    # Browsers do not require what Python 3.13 does, such as an authority's key identifier.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.set_alpn_protocols([protocol])
    with contextlib.ExitStack() as stack, in_time("complete the TLS handshake"):
        sock.settimeout(seconds_until(deadline) / PATIENCE)
        named = host_of(url)
        tls = context.wrap_socket(sock, server_hostname=named, do_handshake_on_connect=False)
        stack.enter_context(tls)
        try:
            tls.do_handshake()
        except socket.timeout:
            if speaks_http(url, deadline):
                raise OtherProtocol(HTTP_SPOKEN) from None
            tls.settimeout(seconds_until(deadline))
            tls.do_handshake()
        stack.pop_all()  # it stays open
        return tls


def speaks_http(url: URL, deadline: float) -> bool:
    """Whether the server responds to HTTP without TLS."""
    try:
        with connect(url, deadline) as sock:
            sock.settimeout(seconds_until(deadline) / PATIENCE)
            sock.sendall(f"HEAD / HTTP/1.1\r\nHost: {url.authority}\r\n\r\n".encode())
            return sock.recv(len(HTTP_START)) == HTTP_START
    except FAILURES:
        return False


@contextlib.contextmanager
def another(
    url: URL, deadline: float, *, protocol: str = HTTP_1_1, check_hostname: bool = True
) -> Iterator[ssl.SSLSocket]:
    """Another connection with TLS, to find out why the first one failed."""
    with contextlib.ExitStack() as stack:
        sock = stack.enter_context(connect(url, deadline))
        tls = start_tls(sock, url, deadline, protocol=protocol, check_hostname=check_hostname)
        yield stack.enter_context(tls)


def ask_protocol(url: URL, deadline: float, protocol: str) -> str | None:
    """The protocol to which the server agrees in TLS if it is asked for that one, if any."""
    with another(url, deadline, protocol=protocol) as tls:
        return tls.selected_alpn_protocol()


def names_in_certificate(url: URL, deadline: float) -> list[str]:
    """The host names for which the server's certificate is valid; empty if they are unknown."""
    try:
        with another(url, deadline, check_hostname=False) as tls:
            certificate = tls.getpeercert() or {}
    except FAILURES:
        return []
    names = certificate.get("subjectAltName", ())
    return [str(name[1]) for name in names]
