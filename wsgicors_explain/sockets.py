"""Connections to the server of a URL, with and without TLS, all within a time limit."""

from __future__ import annotations

import contextlib
import functools
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent import futures
from typing import TYPE_CHECKING, Final, TypeVar

from .wire import URL

if TYPE_CHECKING:
    from typing import Any

    Addresses = list[tuple[Any, ...]]

Wrapped = TypeVar("Wrapped", bound=socket.socket)


# The names of protocols in ALPN, https://www.iana.org/assignments/tls-extensiontype-values/
HTTP_1_1: Final = "http/1.1"
HTTP_2: Final = "h2"
# What the server speaks instead of what the URL says.
HTTP_SPOKEN: Final = "http"
HTTPS_SPOKEN: Final = "https"
FRAMES: Final = "frames"  # of HTTP/2
HTTP_2_SPOKEN: Final = "HTTP/2"
# What a server has not done when the time limit passes; the first is the system's work.
RESOLVE: Final = "resolve"
ACCEPT: Final = "accept a connection"
START_TLS: Final = "complete the TLS handshake"
RESPOND: Final = "respond"
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
    """A connection without TLS to the server."""
    return connect_as(url, deadline, lambda sock: sock)


def connect_as(url: URL, deadline: float, wrap: Callable[[socket.socket], Wrapped]) -> Wrapped:
    """A connection to the first address of the server that accepts one; all share the time.

    A socket is wrapped before it is connected: CPython before 3.13 leaves one open that a server
    has reset before TLS is put on it.
    """
    with in_time(RESOLVE):
        infos = look_up(url, deadline)
    problem = OSError()
    with in_time(ACCEPT):
        for index, (family, kind, protocol, _, address) in enumerate(infos):
            with contextlib.ExitStack() as stack:
                try:
                    bare = stack.enter_context(socket.socket(family, kind, protocol))
                    sock = wrap(bare)
                    stack.enter_context(sock)
                    sock.settimeout(seconds_until(deadline) / (len(infos) - index))
                    sock.connect(address)
                except OSError as error:
                    if not isinstance(problem, socket.timeout):  # which may still accept
                        problem = error
                else:
                    stack.pop_all()  # it stays open
                    return sock
        raise problem


def connect_with_tls(
    url: URL, deadline: float, *, protocol: str = HTTP_1_1, check_hostname: bool = True
) -> ssl.SSLSocket:
    """A connection with TLS to the server, for that protocol, with a valid certificate."""
    context = ssl.create_default_context()
    context.check_hostname = check_hostname
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # as browsers; Python 3.9 would take less
    # Browsers do not require what Python 3.13 does, such as an authority's key identifier.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.set_alpn_protocols([protocol])
    wrap = functools.partial(
        context.wrap_socket, server_hostname=host_of(url), do_handshake_on_connect=False
    )
    with contextlib.ExitStack() as stack:
        tls = stack.enter_context(connect_as(url, deadline, wrap))
        with in_time(START_TLS):
            shake_hands(tls, url, deadline)
        stack.pop_all()  # it stays open
        return tls


def shake_hands(tls: ssl.SSLSocket, url: URL, deadline: float) -> None:
    """Start TLS on the connection. OtherProtocol: the server speaks HTTP without it."""
    tls.settimeout(seconds_until(deadline) / PATIENCE)
    try:
        tls.do_handshake()
    except socket.timeout:
        if speaks_http(url, deadline):
            raise OtherProtocol(HTTP_SPOKEN) from None
        tls.settimeout(seconds_until(deadline))
        tls.do_handshake()


def speaks_http(url: URL, deadline: float) -> bool:
    """Whether the server responds to HTTP without TLS."""
    try:
        with connect(url, deadline) as sock:
            sock.settimeout(seconds_until(deadline) / PATIENCE)
            sock.sendall(f"HEAD / HTTP/1.1\r\nHost: {url.authority}\r\n\r\n".encode())
            return sock.recv(len(HTTP_START)) == HTTP_START
    except FAILURES:
        return False


def ask_protocol(url: URL, deadline: float, protocol: str) -> str | None:
    """The protocol to which the server agrees in TLS if it is asked for that one, if any."""
    with connect_with_tls(url, deadline, protocol=protocol) as tls:
        return tls.selected_alpn_protocol()


def names_in_certificate(url: URL, deadline: float) -> list[str]:
    """The host names for which the server's certificate is valid; empty if they are unknown."""
    try:
        with connect_with_tls(url, deadline, check_hostname=False) as tls:
            certificate = tls.getpeercert() or {}
    except FAILURES:
        return []
    names = certificate.get("subjectAltName", ())
    return [str(name[1]) for name in names]
